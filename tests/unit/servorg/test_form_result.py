"""A form's result in each envelope that it may come in, and each form of an answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servorg.dialect import FormWords
from servorg.form_result import field_types, read_answers
from servorg.helpdesk import FieldAnswer, Picked
from shared.errors import DeskUnavailable

WORDS = FormWords()
ACCOUNT = {
    "identifier": "custorg_account",
    "name": "Account",
    "type": "api_single_select",
    "choices": [{"name": "Contoso", "identifier": "contoso", "selected": True}],
    "value": None,
}
CONTOSO = FieldAnswer((Picked("contoso", "Contoso"),))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["result", "form", "sections", "fields", "identifier", "value", "choices", "selected", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def read(answer: Any) -> dict[str, FieldAnswer]:
    return dict(read_answers(answer, WORDS).fields)


def read_one(**field: Any) -> FieldAnswer:
    return read({"fields": [{"identifier": "a"} | field]})["a"]


def choices(*identifiers: str, **marks: bool | None) -> list[dict[str, Any]]:
    rows = [{"identifier": one, "name": one.upper()} for one in identifiers]
    return [row | ({"selected": marks[row["identifier"]]} if row["identifier"] in marks else {}) for row in rows]


class TestEnvelopes:
    @pytest.mark.parametrize(
        "answer",
        [
            {"fields": [ACCOUNT]},
            {"formId": 21, "resultId": 1, "fields": [ACCOUNT]},
            {"result": {"fields": [ACCOUNT]}},
            {"sections": [{"fields": []}, {"fields": [ACCOUNT]}]},
            {"result": {"form": {"sections": [{"fields": [ACCOUNT]}]}}},
            {"form": {"sections": [{"name": "One", "fields": [ACCOUNT]}]}},
            {"result": {"id": 1, "form": {"fields": [ACCOUNT]}}},
        ],
    )
    def test_fields_are_found_in_each(self, answer: Any) -> None:
        assert read(answer) == {"custorg_account": CONTOSO}

    @pytest.mark.parametrize("envelopes", [0, 1, 2])
    def test_an_object_may_be_keyed_by_fields(self, envelopes: int) -> None:
        keyed: dict[str, Any] = {
            "a": "contoso",
            "b": {"identifier": "2", "name": "Two"},
            "c": ["1", "2"],
            "d": None,
            "e": 5,
        }
        for _ in range(envelopes):
            keyed = {"result": keyed}

        assert read(keyed) == {
            "a": FieldAnswer(text="contoso"),
            "b": FieldAnswer((Picked("2", "Two"),)),
            "c": FieldAnswer((Picked("1"), Picked("2"))),
            "d": FieldAnswer(),
            "e": FieldAnswer(text="5"),
        }

    def test_a_keyed_field_may_be_called_like_an_envelope(self) -> None:
        told = read({"form": {"identifier": "x", "name": "X"}, "result": "fine", "fields": "many"})

        assert told == {
            "form": FieldAnswer((Picked("x", "X"),)),
            "result": FieldAnswer(text="fine"),
            "fields": FieldAnswer(text="many"),
        }

    def test_a_field_without_an_identifier_is_none_to_ask_for(self) -> None:
        assert read({"fields": [{"type": "statement", "value": "Hello"}, ACCOUNT]}) == {"custorg_account": CONTOSO}

    def test_a_form_without_fields_has_no_answers(self) -> None:
        assert read({"fields": []}) == {}

    @pytest.mark.parametrize(
        "answer",
        [
            None, "text", 5, [], {}, {"result": {}}, [ACCOUNT], {"fields": [{"name": "Account"}]}, {"fields": ["a"]},
            {"fields": [{"identifier": 5}]}, {"sections": [{}]}, {"sections": ["a"]}, {"fields": [ACCOUNT, ACCOUNT]},
        ],
    )  # fmt: skip
    def test_what_is_no_result_is_an_error_and_no_answers(self, answer: Any) -> None:
        with pytest.raises(DeskUnavailable, match="DESKDIRECTOR_DIALECT"):
            read(answer)

    @given(JSON)
    def test_any_json_is_read_or_refused(self, answer: Any) -> None:
        try:
            told = read(answer)
        except DeskUnavailable:
            told = {}

        assert all(isinstance(picked.identifier, str) for one in told.values() for picked in one.picked)

    def test_an_answer_that_is_nested_without_end_is_refused(self) -> None:
        answer: dict[str, Any] = {"fields": "none"}
        for _ in range(50):
            answer = {"result": answer}

        assert read(answer).keys() == {"result"}


class TestChoices:
    def test_of_several_those_that_are_marked_are_chosen(self) -> None:
        told = read_one(type="multi_select", choices=choices("a", "b", "c", a=True, b=False, c=True))

        assert told.picked == (Picked("a", "A"), Picked("c", "C"))

    @pytest.mark.parametrize("kind", ["api_single_select", "api_multi_select", "api_single_choice"])
    def test_a_dynamic_field_without_marks_has_only_what_was_chosen(self, kind: str) -> None:
        assert read_one(type=kind, choices=choices("a", "b")).picked == (Picked("a", "A"), Picked("b", "B"))

    def test_an_only_choice_of_a_field_without_a_type_was_chosen(self) -> None:
        assert read_one(choices=choices("a")).picked == (Picked("a", "A"),)

    @pytest.mark.parametrize("field", [{}, {"type": "single_select"}])
    def test_of_several_without_marks_none_is_guessed(self, field: dict[str, Any]) -> None:
        assert read_one(choices=choices("a", "b"), **field) == FieldAnswer()

    @pytest.mark.parametrize("marks", [{"a": False, "b": False}, {"a": False}])
    def test_a_dynamic_field_in_which_nothing_is_marked_as_chosen_has_no_answer(self, marks: dict[str, bool]) -> None:
        assert read_one(type="api_single_select", choices=choices("a", "b", **marks)) == FieldAnswer()

    def test_what_was_written_beside_the_list_comes_with_its_choice(self) -> None:
        other = [{"name": "Other", "identifier": "a_other", "selected": True}]

        assert read_one(type="api_single_select", choices=other, value="Contoso") == FieldAnswer(
            (Picked("a_other", "Other"),), "Contoso"
        )

    def test_the_value_counts_where_no_choice_is_chosen(self) -> None:
        assert read_one(type="single_select", choices=choices("a", "b"), value="b") == FieldAnswer(text="b")
        assert read_one(type="api_single_select", choices=[], value=["b"]) == FieldAnswer((Picked("b"),))

    def test_a_choice_may_be_numbered_and_nameless(self) -> None:
        assert read_one(type="api_single_select", choices=[{"identifier": 2}]).picked == (Picked("2"),)

    @pytest.mark.parametrize(
        "wrong",
        ["a", {"a": True}, ["a"], [{"name": "A"}], [{"identifier": None}], [{"identifier": "a", "selected": "yes"}]],
    )
    def test_choices_that_are_none_are_an_error(self, wrong: Any) -> None:
        with pytest.raises(DeskUnavailable, match="DESKDIRECTOR_DIALECT"):
            read_one(type="api_single_select", choices=wrong)


class TestValues:
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("text", FieldAnswer(text="text")),
            (7, FieldAnswer(text="7")),
            (None, FieldAnswer()),
            (True, FieldAnswer()),
            ([], FieldAnswer()),
            (["a", 2, None], FieldAnswer((Picked("a"), Picked("2")))),
            ({"identifier": "a", "name": "A"}, FieldAnswer((Picked("a", "A"),))),
            ([{"identifier": "a"}, {"identifier": "b", "selected": False}], FieldAnswer((Picked("a"),))),
            ({"identifier": "a_other", "name": "Other", "value": "x"}, FieldAnswer((Picked("a_other", "Other"),), "x")),
            ([{"url": "https://site.example/file"}], FieldAnswer()),
        ],
    )
    def test_a_value_says(self, value: Any, told: FieldAnswer) -> None:
        assert read_one(value=value) == told == read({"a": value, "b": "x"})["a"]

    def test_a_site_may_have_words_of_its_own(self) -> None:
        words = FormWords.model_validate({"fields": "questions", "identifier": ["key"], "dynamicType": "remote_"})
        row = {"key": "a", "type": "remote_list", "choices": [{"key": "x"}, {"key": "y"}]}

        assert read_answers({"questions": [row]}, words).fields["a"].picked == (Picked("x"), Picked("y"))


class TestDesigned:
    def test_the_types_of_a_designed_forms_fields_are_told(self) -> None:
        designed = {"form": {"entityId": 21, "fields": [ACCOUNT, {"identifier": "b"}, {"type": "statement"}]}}

        assert field_types(designed, WORDS) == {"custorg_account": "api_single_select", "b": ""}

    @pytest.mark.parametrize("answer", [{}, {"form": {}}, [], {"a": "b"}])
    def test_what_is_no_form_is_an_error(self, answer: Any) -> None:
        with pytest.raises(DeskUnavailable):
            field_types(answer, WORDS)
