"""A request's parameters as Telegram reads them: all text, whether from the address, a form, JSON or multipart."""
from __future__ import annotations

import json
import re
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from assistant.fakeapi.refusal import Refusal, bad

PROSE = frozenset({"text", "question", "explanation", "caption", "description", "short_description", "name", "url",
                   "callback_query_id", "inline_query_id", "inline_message_id", "secret_token", "parse_mode"})


class Params(dict[str, str]):
    """Parameter name to its text. Unknown ones are kept and ignored, as Telegram does."""

    def text(self, name: str) -> str:
        """The value as it came, "" if it did not."""
        return self.get(name, "")

    def integer(self, name: str, default: int = 0, low: int | None = None, high: int | None = None) -> int:
        """The leading digits, clamped into low..high: Telegram reads "12abc" as 12 and "abc" as 0."""
        if not self.text(name):
            return default
        digits = re.match(r"-?\d+", self.text(name))
        number = int(digits[0]) if digits else 0
        number = number if low is None else max(low, number)
        return number if high is None else min(high, number)

    def flag(self, name: str, default: bool = False) -> bool:
        """true, yes and 1 are yes, in any case."""
        return self.text(name).lower() in ("true", "yes", "1") if self.text(name) else default

    def json(self, name: str, refusal: str) -> Any:
        """The value parsed as JSON, None if it is absent; `refusal` is what Telegram says when it cannot be read."""
        if not self.text(name):
            return None
        try:
            return json.loads(self[name])
        except ValueError:
            raise bad(refusal) from None

    def readable(self) -> dict[str, Any]:
        """The same with numbers, flags and structures as values, to compare in a test; prose stays prose."""
        return {name: value if name in PROSE else _value(value) for name, value in self.items()}


def read_params(query: str, content_type: str, body: bytes) -> Params:
    """Merges the address and the body. Raises Refusal for JSON or UTF-8 that cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        params = Params(parse_qsl(query, keep_blank_values=True, errors="strict"))
        if kind == "application/json":
            params.update(_from_json(body))
        elif kind == "multipart/form-data":
            params.update(_from_multipart(content_type, body))
        elif body:
            params.update(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
        for value in params.values():
            value.encode()
    except UnicodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return params


def _from_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body or b"{}")
    except json.JSONDecodeError:
        raise bad("can't parse JSON object") from None  # our wording
    if not isinstance(found, dict):
        raise Refusal(400, "Bad Request: object expected as JSON")  # our wording
    return {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in found.items() if value is not None}


def _from_multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts: list[Message] = BytesParser().parsebytes(head + body).get_payload()  # type: ignore[assignment]
    found = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        named = part.get_filename()
        found[str(name)] = f"attach://{named}" if named else content.decode()
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
