"""Reply markup: what cannot be read is refused before the chat is looked at, what the server dislikes after it."""
from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from assistant.fakeapi.markup import utf16
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import Refusal, bad

MAX_DATA = 64  # bytes
MAX_COPY = 256
MAX_BUTTONS = 100
MAX_ROW = 8
ACTIONS = ("url", "callback_data", "callback_game", "pay", "switch_inline_query", "switch_inline_query_current_chat",
           "switch_inline_query_chosen_chat", "login_url", "web_app", "copy_text")
FLAGS = ("force_reply", "remove_keyboard", "selective", "resize_keyboard", "one_time_keyboard", "is_persistent")
Markup = dict[str, Any]


def read_markup(params: Params, inline_only: bool = False) -> Markup | None:
    """The parsed `reply_markup`; None when there is none or it holds no button."""
    found = params.json("reply_markup", "can't parse reply keyboard markup JSON object")
    if found is None:
        return None
    return parse_markup(found, inline_only)


def parse_markup(found: Any, inline_only: bool = False) -> Markup | None:
    """A keyboard that came as a value, inside an inline result for one."""
    if not isinstance(found, dict):
        raise bad("object expected as reply markup")
    for name in FLAGS:
        if not isinstance(found.get(name, False), bool):
            raise bad(f'field "{name}" must be of type Boolean')
    for name in ("inline_keyboard", "keyboard"):
        if not isinstance(found.get(name, []), list):
            raise bad(f'field "{name}" must be of type Array')
    if inline_only and found and "inline_keyboard" not in found:
        raise bad("inline keyboard expected")
    if found.get("keyboard"):
        for row in found["keyboard"]:
            for button in _row(row, "keyboard"):
                _label(button if isinstance(button, dict) else {"text": button}, "keyboard button")
        return found
    if not found.get("inline_keyboard"):
        return found if found.get("force_reply") or found.get("remove_keyboard") else None
    rows = [[_button(button) for button in _row(row, "inline keyboard")] for row in found["inline_keyboard"]]
    rows = [row for row in rows if row]
    return {"inline_keyboard": rows} if rows else None


def _row(row: Any, what: str) -> list[Any]:
    if not isinstance(row, list):
        raise bad(f"can't parse {what}: Expected an Array of button rows")  # our wording
    return row


def _label(button: Any, what: str) -> str:
    def cannot(why: str) -> Refusal:
        return bad(f"can't parse {what}: {why}")

    if not isinstance(button, dict):
        raise cannot("KeyboardButton must be an Object")  # our wording
    if "text" not in button:
        raise cannot('Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise cannot('Field "text" must be of type String')
    if not button["text"].strip():  # Telegram leaves the button out without a word, which no bot wants
        raise bad(f"{what} text must be non-empty")
    return button["text"]


def _button(button: Any) -> dict[str, Any]:
    what = "inline keyboard button"
    _label(button, what)
    used = actions(button)
    if len(used) > 1:  # Telegram takes one of them without a word; which one is not documented
        raise bad(f"can't parse {what}: exactly one of {', '.join(used)} must be used")
    if not used or button[used[0]] == "" and not used[0].startswith("switch"):
        raise bad(f"can't parse {what}: Text buttons are unallowed in the inline keyboard")
    value = button[used[0]]
    if used[0] in ("url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat"):
        if not isinstance(value, str):
            raise bad(f'can\'t parse {what}: Field "{used[0]}" must be of type String')
    elif used[0] != "pay" and not isinstance(value, dict):
        raise bad(f'can\'t parse {what}: Field "{used[0]}" must be of type Object')
    if used[0] == "url":
        _address(value, what)
    if used[0] == "web_app" and not str(value.get("url")).startswith("https://"):
        raise bad(f"{what} Web App URL '{value.get('url')}' is invalid: Only HTTPS links are allowed")
    return button


def actions(button: dict[str, Any]) -> list[str]:
    """The fields that say what an inline button does."""
    return [name for name in ACTIONS if button.get(name) not in (None, False)]


def _address(url: str, what: str) -> None:
    parts = urlsplit(url if "://" in url or url.startswith("tg:") else f"http://{url}")
    if parts.scheme not in ("http", "https", "tg", "ton"):
        raise bad(f"{what} URL '{url}' is invalid: Unsupported URL protocol")
    if parts.scheme in ("http", "https") and "." not in (parts.hostname or ""):
        raise bad(f"{what} URL '{url}' is invalid: Wrong HTTP URL")


def check_markup(markup: Markup | None) -> None:
    """What only the server refuses: sizes, and buttons that need another kind of message."""
    rows = (markup or {}).get("inline_keyboard") or (markup or {}).get("keyboard") or []
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row if isinstance(button, dict)):
        if len(str(button.get("callback_data", "")).encode()) > MAX_DATA:
            raise bad("BUTTON_DATA_INVALID")
        if "copy_text" in button and not 1 <= utf16(str(button["copy_text"].get("text", ""))) <= MAX_COPY:
            raise bad("BUTTON_COPY_TEXT_INVALID")
        if button.get("pay") or "callback_game" in button:
            raise bad("BUTTON_TYPE_INVALID")


def is_inline(markup: Markup | None) -> bool:
    """Whether it stays with its message, so that the message can be edited later."""
    return markup is None or "inline_keyboard" in markup
