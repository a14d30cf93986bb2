"""Looks at what the daily report needs: its settings, a token, and what can be told of the right to send."""

from collections.abc import Callable, Iterator

import jwt

from servorg.checking import guarded
from shared.checks import Check, State
from shared.settings import ServOrgSettings

SEND = "Mail.Send"
_TEST = "`python -m servorg report --send-test`"
_SIGN_IN = "on Azure turn the app's managed identity on (AZURE_CLIENT_ID for a user-assigned one); else `az login`"


def mail_checks(settings: ServOrgSettings, token: Callable[[], str], *, as_app: bool) -> Iterator[Check]:
    """Each check when it was made. `token` raises SyncError; `as_app`: it is the app's own, not a person's."""
    faults = settings.mail_faults()
    if faults:
        yield Check("report", State.WARN, "; ".join(faults), "set them, or nobody gets the daily report by mail")
        return
    yield Check("report", State.OK, "recipients and a mailbox to send from are set")
    claims: dict[str, object] = {}

    def read() -> Check:
        claims.update(_claims(token()))
        return _tenant(claims, settings.tenant_id)

    first = guarded("token", read, _SIGN_IN)
    yield first
    if first.state is not State.BAD:
        yield _right(claims, as_app=as_app)


def _claims(token: str) -> dict[str, object]:
    try:
        # Not ours to verify: read only to say what the token says of itself.
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}


def _tenant(claims: dict[str, object], wanted: str) -> Check:
    found = str(claims.get("tid", "")).lower()
    if found and found != wanted.lower():
        todo = "set TENANT_ID to your own tenant, or sign in to it with `az login --tenant`"
        return Check("token", State.BAD, f"the token is of tenant {found}, TENANT_ID is {wanted}", todo)
    return Check("token", State.OK, "there is a token for Microsoft Graph")


def _right(claims: dict[str, object], *, as_app: bool) -> Check:
    roles = claims.get("roles")
    if not as_app:
        said = "this token is a person's, so the app's right to send cannot be seen from here"
        return Check("right to send", State.WARN, said, f"run doctor where the app runs, or prove it by {_TEST}")
    if isinstance(roles, list) and SEND in roles:
        todo = f"grant one mailbox by infra/grant-mailbox.ps1 instead, if that is more than you want; {_TEST} proves it"
        return Check("right to send", State.OK, f"by {SEND}, for every mailbox of the tenant", todo)
    said = "the right to send from one mailbox cannot be seen in a token"
    return Check("right to send", State.WARN, said, f"prove it by {_TEST}; infra/grant-mailbox.ps1 grants it")
