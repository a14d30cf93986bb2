"""DeskDirector as the contract suite stages it: in memory, and over HTTP on the double."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from servorg.desk_http import Access, DeskHttp, Patience
from servorg.deskdirector import DeskDirector
from servorg.dialect import Dialect
from servorg.ports import Desk
from shared.core.model import Account, AccountId, Address, ContactGroup, ContactGroupId, ContactId, GroupRole
from shared.errors import DeskForbidden, DeskInDoubt, DeskThrottled, DeskUnavailable
from tests.doubles.deskdirector_rig import Rig
from tests.fakes.desk import FakeDesk

CONTOSO, FABRIKAM, GONE = AccountId(12), AccountId(40), AccountId(77)
KEY = "demo-key"
JAN, EVA = Address("jan@contoso.example"), Address("eva@contoso.example")
REGULAR, MANAGER, GUEST = GroupRole.REGULAR, GroupRole.MANAGER, GroupRole.GUEST
type Users = Mapping[ContactId, GroupRole]
Trouble = Literal["throttled", "broken", "forbidden", "answer lost"]


def every(_group: ContactGroup) -> bool:
    """Asks for the users of every group."""
    return True


def none(_group: ContactGroup) -> bool:
    """Asks for the users of no group."""
    return False


def read(desk: Desk) -> Account:
    """All of Contoso."""
    return desk.account(CONTOSO, every)


class Stage(Protocol):
    """One implementation with what people do by hand, what goes wrong, and a look at what is there."""

    @property
    def desk(self) -> Desk: ...

    def add_contact(self, account: int, mail: str, *, active: bool = True) -> ContactId: ...

    def add_group(self, account: int, name: str, users: Users | None = None) -> ContactGroupId: ...

    def add_service_group(self, name: str) -> int: ...

    def trouble(self, call: str, kind: Trouble, *, times: int = 1) -> None:
        """The next calls of this name have it: throttled for 7 s, broken with a 503."""
        ...

    def lag(self, finds: int) -> None:
        """So many finds miss what calls create from now on."""
        ...

    def users(self, account: int, group: ContactGroupId) -> Users: ...


class InMemory:
    """FakeDesk."""

    def __init__(self) -> None:
        self.desk = FakeDesk()
        self.add_contact, self.add_group = self.desk.add_contact, self.desk.add_group
        self.add_service_group = self.desk.add_service_group
        self.desk.add_account(CONTOSO, "it-support-team", "west", name="Contoso")
        self.desk.add_account(FABRIKAM, "west", name="Fabrikam")
        self.desk.add_account(GONE, "west", active=False)

    def trouble(self, call: str, kind: Trouble, *, times: int = 1) -> None:
        errors = {
            "throttled": DeskThrottled(7),
            "broken": DeskUnavailable("broken", 503),
            "forbidden": DeskForbidden("forbidden"),
            "answer lost": DeskInDoubt("lost"),
        }
        self.desk.fail(call, errors[kind], times=times, done=kind == "answer lost")

    def lag(self, finds: int) -> None:
        self.desk.index_lag = finds

    def users(self, account: int, group: ContactGroupId) -> Users:
        return self.desk.read(account).groups[group].users or {}


class Waits:
    """A budget that lets everything pass and counts."""

    def __init__(self) -> None:
        self.count = 0

    def wait(self) -> None:
        self.count += 1


# Where a call's first request goes: method, path, whether to the functions host.
ROUTES = {
    "account": ("POST", "/contacts/find", False),
    "find_contact": ("POST", "/contacts/find", False),
    "accounts_of": ("POST", "/contacts/find", False),
    "find_groups": ("POST", "/user-groups/find", False),
    "create_contact": ("POST", "/contacts$", False),
    "set_group_user": ("PUT", "/users/", False),
    "remove_group_user": ("DELETE", "/users/", False),
    "create_group": ("POST", "/createContactGroup", True),
    "deactivate_contact": ("POST", "/deactivateContact", True),
    "list_service_groups": ("POST", "/listServiceGroups", True),
}


class OverHttp:
    """The adapter, speaking to the DeskDirector double."""

    def __init__(self, rig: Rig, **seed: Any) -> None:
        self._rig, self.waits = rig, Waits()
        companies: list[dict[str, Any]] = [
            {"id": CONTOSO, "name": "Contoso", "tags": ["it-support-team", "west"]},
            {"id": FABRIKAM, "name": "Fabrikam", "tags": ["west"]},
            {"id": GONE, "name": "Gone Ltd", "tags": ["west"], "isActive": False},
        ]
        empty: dict[str, Any] = {"contacts": [], "contactGroups": [], "serviceGroups": []}
        rig.reset(**{"companies": companies, **empty, **seed})
        self.desk: Desk = self.adapter()

    def adapter(self, *, key: str = KEY, agent: int = 7, dialect: str = "{}", retry: float = 5) -> DeskDirector:
        """A new adapter without a token; `retry` in seconds."""
        access, words = Access(self._rig.site, self._rig.functions, key, agent), Dialect.read(dialect)
        return DeskDirector(words, DeskHttp(access, words, self.waits, patience=Patience(retry=retry)))

    def add_contact(self, account: int, mail: str, *, active: bool = True) -> ContactId:
        row = self._rig.edit("add_contact", company=account, email=mail, firstName="A", isActive=active)
        return ContactId(row["id"])

    def add_group(self, account: int, name: str, users: Users | None = None) -> ContactGroupId:
        rows = [{"id": contact, "role": role} for contact, role in (users or {}).items()]
        return ContactGroupId(self._rig.edit("add_group", company=account, name=name, users=rows)["id"])

    def add_service_group(self, name: str) -> int:
        return int(self._rig.edit("add_service_group", name=name)["id"])

    def trouble(self, call: str, kind: Trouble, *, times: int = 1) -> None:
        rules: dict[str, dict[str, Any]] = {
            "throttled": {"status": 429, "headers": {"Retry-After": "7"}},
            "broken": {"status": 503},
            "forbidden": {"status": 403, "times": None},
            "answer lost": {"drop": "after"},
        }
        self.fault(call, **{"times": times} | rules[kind])

    def fault(self, call: str, **rule: Any) -> None:
        """A rule of the double for this call's requests."""
        method, path, functions = ROUTES[call]
        self._rig.fault(self._rig.functions if functions else self._rig.site, method=method, path=path, **rule)

    def lag(self, finds: int) -> None:
        self._rig.edit("set", indexLagRequests=finds)

    def users(self, account: int, group: ContactGroupId) -> Users:
        groups = self._rig.admin("GET", "state")["contactGroups"]
        row = next(row for row in groups if row["id"] == group and row["company"] == account)
        return {ContactId(user["id"]): GroupRole(user["role"]) for user in row["users"]}

    def requests(self) -> list[str]:
        """What reached the site so far, but for /_double: `METHOD path`."""
        return [f"{row['method']} {row['path']}" for row in self._rig.admin("GET", "requests")]
