"""`POST /users/{id}/sendMail`: mail is accepted and kept, readable at GET /_double/mails.

Source: https://learn.microsoft.com/graph/api/user-sendmail
"""

from typing import Any

from aiohttp import web

from doubles.graph_http import caller_of
from doubles.graph_query import Refusal
from doubles.world import User, World

MESSAGE = {
    "subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "from", "sender", "importance",
    "attachments", "categories", "internetMessageHeaders", "flag", "hasAttachments", "isReadReceiptRequested",
}  # fmt: skip
RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients")


class Mailroom:
    """Takes mail in; what it keeps is in the world, `{"tenant", "sender", "message", "saveToSentItems"}` each."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, request: web.Request) -> web.Response:
        """202 without a body; Refusals for a missing permission, an unknown sender and a malformed message."""
        caller = caller_of(request)
        if not caller.may("Mail.Send"):
            raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        key = request.match_info["id"].lower()
        users = (one for one in caller.tenant.of(User) if isinstance(one, User))
        sender = next((one for one in users if key in (one.id, one.user_principal_name.lower())), None)
        if sender is None:
            raise Refusal(404, "ErrorInvalidUser", f"The requested user '{request.match_info['id']}' is invalid.")
        order = checked(await _json(request))
        self._world.mails.append({"tenant": caller.tenant.id, "sender": sender.id, "saveToSentItems": True, **order})
        return web.Response(status=202)


def checked(order: Any) -> dict[str, Any]:
    """The order as it came, when its message is one that Exchange takes; Refusal 400 otherwise."""
    message = order.get("message") if isinstance(order, dict) else None
    if not isinstance(message, dict):
        raise Refusal(400, "BadRequest", "The parameter 'message' is missing.")
    unknown = {*(order.keys() - {"message", "saveToSentItems"}), *(message.keys() - MESSAGE)}
    if unknown:
        raise Refusal(400, "RequestBodyRead", f"The property '{min(unknown)}' does not exist on type 'message'.")
    if not _is_body(message.get("body", {})):
        raise Refusal(400, "RequestBodyRead", "The property 'body' is no itemBody.")
    if not any(_addresses(message, kind) for kind in RECIPIENTS):
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is needed.")
    return order if isinstance(order, dict) else {}


def _is_body(body: Any) -> bool:
    if not isinstance(body, dict) or body.keys() - {"contentType", "content"}:
        return False
    kind, content = body.get("contentType", "text"), body.get("content", "")
    return isinstance(kind, str) and kind.lower() in ("text", "html") and isinstance(content, str)


def _addresses(message: dict[str, Any], kind: str) -> list[str]:
    try:
        return [recipient["emailAddress"]["address"] for recipient in message.get(kind, ())]
    except (KeyError, TypeError) as error:
        raise Refusal(400, "RequestBodyRead", f"The property '{kind}' is no list of recipients.") from error


async def _json(request: web.Request) -> Any:
    if request.content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "This double takes messages as JSON only.")
    try:
        return await request.json()
    except ValueError as error:
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.") from error
