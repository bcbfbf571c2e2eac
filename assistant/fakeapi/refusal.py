"""How Telegram says no: a status, a description and, for some, parameters. The wording is Telegram's own.

Where nobody wrote down what the server says, the comment beside the line reads "our wording".
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_MODIFIED = ("message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message")
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
WEBHOOK_ACTIVE = ("Conflict: can't use getUpdates method while webhook is active; "
                  "use deleteWebhook to delete the webhook first")
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Refusal(Exception):
    """A call that Telegram refuses. `code` is the HTTP status as well as `error_code`."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON that Telegram would send."""
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return body if self.parameters is None else {**body, "parameters": dict(self.parameters)}


def bad(description: str) -> Refusal:
    """400 with Telegram's usual prefix."""
    return Refusal(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refusal:
    """403 with Telegram's usual prefix."""
    return Refusal(403, f"Forbidden: {description}")


def too_many(retry_after: int) -> Refusal:
    """429: wait `retry_after` seconds."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def not_modelled(what: str) -> Refusal:
    """501, which Telegram never sends: the bot used something this fake does not know. Teach it first."""
    return Refusal(501, f"Not Implemented: the fake Bot API does not model {what}")
