"""Which tokens open the form's lists. Keys and signatures are real."""

import base64
import functools
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from servorg import form_tokens
from servorg.dialect import Dialect, TokenWords
from servorg.form_tokens import Doorkeeper, Person, account_in, public_keys
from shared.errors import CommandRefused

MSP = 2
DAY = 86_400


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2_048)


def pem_of(private: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    written: bytes = private.public_key().public_bytes(serialization.Encoding.PEM, form)
    return written.decode()


def token(signer: str = "site", *, life: float = 3_600, algorithm: str = "RS256", **claims: Any) -> str:
    usual = {"sub": "demo~c~21", "userType": "client", "companyId": MSP, "exp": time.time() + life}
    kept = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(kept, key(signer), algorithm=algorithm)


class FakeSite:
    """Knows its keys, and whose tokens are; counts how often it is asked."""

    def __init__(self, keys: tuple[str, ...] = (), person: Person | None = None) -> None:
        self.names, self.person = keys, person
        self.later: tuple[str, ...] = ()
        self.asked = 0
        self.down = False

    def keys(self, *, renewed: bool = False) -> tuple[rsa.RSAPublicKey, ...]:
        return tuple(key(name).public_key() for name in self.names + (self.later if renewed else ()))

    def whose(self, token: str) -> Person | None:
        self.asked += 1
        if self.down:
            raise CommandRefused(503, "deskdirector", "DeskDirector did not answer.")
        return self.person


def keeper(site: FakeSite, dialect: str = "{}", clock: Any = time.time) -> Doorkeeper:
    return Doorkeeper(MSP, Dialect.read(f'{{"token": {dialect}}}').token, site, clock)


def refusal(door: Doorkeeper, text: str) -> tuple[int, str]:
    with pytest.raises(CommandRefused) as caught:
        door.admit(text)
    return caught.value.status, caught.value.code


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would make."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    mac = b"" if secret is None else hmac.digest(secret, signed, hashlib.sha256)
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_a_contact_of_the_own_account_is_admitted_by_key_without_asking_the_site() -> None:
    site = FakeSite(("site",))
    keeper(site).admit(token())

    assert site.asked == 0


@pytest.mark.parametrize("value", [MSP, str(MSP), {"id": MSP}, {"entityId": str(MSP)}], ids=repr)
@pytest.mark.parametrize("name", ["companyId", "company", "company_id", "accountId", "account"])
def test_the_account_is_found_under_every_alias(name: str, value: Any) -> None:
    site = FakeSite(("site",))
    own: dict[str, Any] = {"companyId": None, name: value}
    keeper(site).admit(token(**own))

    assert site.asked == 0
    assert refusal(keeper(site), token(**{**own, name: 3})) == (403, "foreign_account")


def test_a_token_of_another_account_of_the_site_is_refused() -> None:
    assert refusal(keeper(FakeSite(("site",))), token(companyId=12)) == (403, "foreign_account")


def test_a_token_without_an_account_is_asked_about() -> None:
    contact, stranger = FakeSite(("site",), Person(MSP)), FakeSite(("site",), Person(12))
    keeper(contact).admit(token(companyId=None))

    assert contact.asked == 1
    assert refusal(keeper(stranger), token(companyId=None)) == (403, "foreign_account")


@pytest.mark.parametrize("claims", [{"userType": "member"}, {"userType": None, "sub": "demo~m~7"}, {"type": "Agent"}])
def test_an_agent_is_told_to_open_the_form_as_a_contact(claims: dict[str, Any]) -> None:
    door = keeper(FakeSite(("site",)))

    assert refusal(door, token(**claims)) == (403, "agent")
    with pytest.raises(CommandRefused, match="contact of the MSP's own account"):
        door.admit(token(**claims))


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("", (401, "token_missing")),
        ("x", (401, "token_invalid")),
        ("a.b.c", (401, "token_invalid")),
        ("\ud800.b.c", (401, "token_invalid")),
        ("x" * 9_000, (401, "token_invalid")),
        (lambda: token(life=-31), (401, "token_expired")),
        (lambda: token(exp=None), (401, "token_invalid")),
        (lambda: token(exp=["soon"]), (401, "token_invalid")),
        (lambda: token(nbf={}), (401, "token_invalid")),
        (lambda: token(exp="soon"), (401, "token_invalid")),
        (lambda: token(exp=1e400), (401, "token_invalid")),
        (lambda: token(nbf=time.time() + 300), (401, "token_invalid")),
        (lambda: token("stranger"), (401, "token_invalid")),
        (lambda: token(algorithm="RS512"), (401, "token_invalid")),
        (lambda: token()[:-4] + "AAAA", (401, "token_invalid")),
        (lambda: by_hand({"alg": "none"}, {"exp": time.time() + 60, "companyId": MSP}, None), (401, "token_invalid")),
        (
            lambda: by_hand(
                {"alg": "HS256"}, {"exp": time.time() + 60, "companyId": MSP}, pem_of(key("site")).encode()
            ),
            (401, "token_invalid"),
        ),
        (lambda: by_hand({"alg": "RS256"}, {"exp": time.time() + 60, "companyId": MSP}, b"x"), (401, "token_invalid")),
        (lambda: by_hand({"alg": ["RS256"]}, {"exp": time.time() + 60}, b"x"), (401, "token_invalid")),
    ],
)
def test_a_bad_token_is_refused_without_asking_the_site(bad: Any, expected: tuple[int, str]) -> None:
    text = bad() if callable(bad) else bad
    with_keys = FakeSite(("other", "site"), Person(MSP))

    assert refusal(keeper(with_keys), text) == expected
    assert with_keys.asked == 0


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "RS512"])
def test_the_site_is_not_even_asked_about_a_token_of_a_wrong_algorithm(alg: str) -> None:
    site = FakeSite(person=Person(MSP))

    text = by_hand({"alg": alg}, {"exp": time.time() + 60, "companyId": MSP}, b"x")

    assert refusal(keeper(site), text) == (401, "token_invalid")
    assert site.asked == 0


def test_clocks_may_differ_by_some_seconds() -> None:
    keeper(FakeSite(("site",))).admit(token(life=-5))

    assert refusal(keeper(FakeSite(("site",))), token(life=-60)) == (401, "token_expired")


def test_a_rotated_key_is_looked_for_once_more() -> None:
    site = FakeSite(("site",))
    site.later = ("next",)
    keeper(site).admit(token("next"))

    assert refusal(keeper(site), token("stranger")) == (401, "token_invalid")


def test_without_keys_the_site_decides() -> None:
    door = keeper(FakeSite(person=Person(MSP)))
    door.admit(token("unknown here", companyId=99))  # what the site answers counts more than what the token claims

    assert refusal(keeper(FakeSite(person=None)), token()) == (401, "token_invalid")
    assert refusal(keeper(FakeSite(person=Person(12))), token()) == (403, "foreign_account")
    assert refusal(keeper(FakeSite(person=Person(None, agent=True))), token()) == (403, "agent")


def test_where_the_sites_answer_names_no_account_the_accepted_token_does() -> None:
    keeper(FakeSite(person=Person(None))).admit(token())

    assert refusal(keeper(FakeSite(person=Person(None))), token(companyId=12)) == (403, "foreign_account")
    assert refusal(keeper(FakeSite(person=Person(None))), token(companyId=None)) == (403, "account_unknown")


def test_claims_that_the_dialect_wants_must_stand_in_the_token() -> None:
    door = keeper(FakeSite(("site",)), '{"claims": {"database": "bluefern"}}')
    door.admit(token(database="bluefern"))

    assert refusal(door, token(database="other")) == (401, "token_invalid")
    assert refusal(door, token()) == (401, "token_invalid")


def test_a_verified_token_is_kept_five_minutes_and_no_longer_than_it_lasts() -> None:
    began, passed, site = time.time(), [0], FakeSite(person=Person(MSP))
    door, long, short = keeper(site, clock=lambda: began + passed[0]), token(life=3_000), token(life=100)
    counts = []
    for seconds in (0, 90, 110, 299, 301):
        passed[0] = seconds
        door.admit(long)
        door.admit(short)
        counts.append((seconds, site.asked))

    assert counts == [(0, 2), (90, 2), (110, 3), (299, 4), (301, 6)]


def test_a_refused_token_is_not_asked_about_again_for_a_minute_but_a_silence_is() -> None:
    now, site, text = [time.time()], FakeSite(person=None), token()
    door = keeper(site, clock=lambda: now[0])
    site.down = True

    assert refusal(door, text) == refusal(door, text) == (503, "deskdirector")
    assert site.asked == 2

    site.down = False

    assert refusal(door, text) == refusal(door, text) == (401, "token_invalid")
    assert site.asked == 3

    now[0] += 61

    assert refusal(door, text) == (401, "token_invalid")
    assert site.asked == 4


def test_the_log_tells_why_a_token_was_refused_and_nothing_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    text = token(companyId=12)
    with caplog.at_level("INFO"):
        refusal(keeper(FakeSite(("site",))), text)

    assert [json.loads(line) for line in caplog.messages] == [
        {"event": "form token refused", "reason": "foreign_account"}
    ]


def test_what_is_kept_of_tokens_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_tokens, "MOST_KEPT", 10)
    site = FakeSite(person=Person(MSP))
    door = keeper(site)
    made = [token(serial=number) for number in range(12)]
    for text in (*made, made[-1], made[0]):
        door.admit(text)

    assert site.asked == 13  # the last one was kept, the first one was not


def test_public_keys_are_found_in_any_text_and_weak_or_other_ones_are_refused() -> None:
    both = f"{pem_of(key('a'))}\n some words \n{pem_of(key('b'))}"

    assert [one.key_size for one in public_keys(both)] == [2_048, 2_048]
    assert public_keys("nothing") == ()
    for wrong in (rsa.generate_private_key(65537, 1_024), ec.generate_private_key(ec.SECP256R1())):
        with pytest.raises(ValueError, match="2048 bits"):
            public_keys(pem_of(wrong))


@pytest.mark.parametrize("value", [None, True, "x", "", 1.5, [], {}, {"id": {"id": 2}}, "1" * 19])
def test_what_is_no_account_is_none(value: Any) -> None:
    assert account_in(value) is None


def test_the_dialect_takes_public_keys_and_no_private_one() -> None:
    private = key("site").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    words = Dialect.read(json.dumps({"token": {"pem": [pem_of(key("site"))], "path": "/api/v4/keys"}})).token

    assert (len(words.pem), words.path, words.algorithms) == (1, "/api/v4/keys", ("RS256",))
    assert TokenWords().pem == ()
    refused: list[dict[str, list[str]]] = [{"pem": [private.decode()]}, {"algorithms": ["HS256"]}, {"algorithms": []}]
    for wrong in refused:
        with pytest.raises(ValueError, match=r"token\."):
            Dialect.read(json.dumps({"token": wrong}))
