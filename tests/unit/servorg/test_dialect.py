import pytest

from servorg.dialect import Dialect
from shared.core.model import GroupRole


def test_without_overrides_the_contract_is_spoken() -> None:
    dialect = Dialect.read("{}")

    assert dialect == Dialect() == Dialect.read("  ")
    assert dialect.paths.find_contacts == "/api/v2/automate/connector/contacts/find"
    assert dialect.paths.group_user == "/api/v3/tech/companies/{companyId}/teams/{teamId}/users/{contactId}"
    assert (dialect.actions.activate_contact.id, dialect.actions.activate_contact.category) == (
        "activateContact",
        "contacts",
    )


def test_an_override_changes_that_word_and_no_other() -> None:
    dialect = Dialect.read('{"request": {"firstName": "givenName"}, "answer": {"id": ["key", "id"], "role": "rank"}}')

    assert (dialect.request.first_name, dialect.request.last_name) == ("givenName", "lastName")
    assert (dialect.answer.id, dialect.answer.role) == (("key", "id"), ("rank",))
    assert dialect.paths == Dialect().paths


def test_a_name_that_a_site_does_not_have_is_left_out_by_null() -> None:
    words = Dialect.read('{"request": {"firstName": null, "lastName": null, "fullName": "fullName"}}').request

    assert (words.first_name, words.last_name, words.full_name) == (None, None, "fullName")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"path": {}, "roles": {"owner": "x"}}', ["has no path", "has no roles.owner"]),
        ('{"paths": {"find_contact": "/x"}}', ["has no paths.find_contact"]),
        ('{"paths": {"contact": "/contacts"}}', ["paths: contact must have {contactId}"]),
        ('{"paths": {"contacts": "/contacts/{contactId}"}}', ["paths: contacts must have no placeholder"]),
        ('{"paths": {"contacts": "https://evil.example/"}}', ["paths.contacts: must be a path"]),
        ('{"paths": {"contacts": "//evil.example/"}}', ["paths.contacts: must be a path"]),
        ('{"paths": {"contacts": "/x{"}}', ["paths.contacts: "]),
        ('{"roles": {"regular": "Manager"}}', ["roles: two roles have one word"]),
        ('{"roles": {"regular": " "}}', ["roles.regular: "]),
        ('{"actions": {"activateContact": {"id": "x"}}}', ["actions.activateContact.category: "]),
        ('{"answer": {"id": []}}', ["answer.id: "]),
        ('{"request": {"firstName": null}}', ["a contact needs a name"]),
        ('{"request": {"skip": 5}}', ["request.skip: "]),
        ("[]", ["DESKDIRECTOR_DIALECT "]),
        ("{", ["Invalid JSON"]),
    ],
)
def test_every_fault_is_named_with_its_place(text: str, told: list[str]) -> None:
    with pytest.raises(ValueError, match="DESKDIRECTOR_DIALECT") as caught:
        Dialect.read(text)

    assert [part for part in told if part not in str(caught.value)] == []


def test_roles_are_read_and_written_in_the_words_of_the_site() -> None:
    roles = Dialect.read('{"roles": {"regular": "User"}}').roles

    assert [roles.word(role) for role in GroupRole] == ["guest", "User", "manager"]
    assert [roles.role(word) for word in ("user", "MANAGER", "regular", "", None, 5)] == [
        GroupRole.REGULAR,
        GroupRole.MANAGER,
        None,
        None,
        None,
        None,
    ]


def test_the_forms_words_are_as_open_as_the_others() -> None:
    dialect = Dialect.read('{"form": {"fields": "questions"}, "paths": {"formResult": "/f/{formId}/r/{resultId}"}}')

    assert (dialect.form.fields, dialect.form.identifier) == (("questions",), ("identifier",))
    assert dialect.paths.form_result.format(formId=1, resultId=2) == "/f/1/r/2"
    assert dialect.paths.form_schema.endswith("/schema/v2/form/{formId}/$result-response")
