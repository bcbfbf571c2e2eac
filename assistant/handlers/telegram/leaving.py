"""Our lines and keys -> Telegram's HTML and keyboards; long texts in parts, nothing lost."""
from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from assistant.domain import Button, Line
from assistant.render import DOWN, UP

LIMIT = 4096  # UTF-16 code units of a message
MAX_COPY = 256
MAX_TOAST = 200
PLACEHOLDER = "客户刚说了什么？"
LOST_LINK = "（链接没能送到，请再发一次 /invite）"
_ROW, _SHORT = 3, 4  # short keys a row; characters of a short key
_THUMBS = (UP, DOWN)
_LOOK = {
    "say": ("💬 ", "b"), "ask": ("➡️ ", ""), "never": ("⚠️ ", ""), "cite": ("📎 ", "i"), "also": ("💬 ", ""), "why": ("• ", ""),
    "fact": ("📎 ", ""), "note": ("", ""), "warning": ("⚠️ ", ""), "copy": ("", "code"), "link": ("", ""),
}


def width(text: str) -> int:
    """UTF-16 code units, by which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def plain(lines: Sequence[Line]) -> str:
    """The lines as a reader sees them."""
    return "\n".join(_LOOK[line.role][0] + line.text for line in lines)


def marked(lines: Sequence[Line]) -> str:
    """The lines as HTML; the sayable one stands alone on its line."""
    return "\n".join(_marked(line) for line in lines)


def _marked(line: Line) -> str:
    mark, tag = _LOOK[line.role]
    text = html.escape(line.text, quote=False)
    return f"{mark}<{tag}>{text}</{tag}>" if tag and text else mark + text


def _pieces(line: Line, limit: int) -> Iterator[Line]:
    """The line, cut where it alone is too long for a message."""
    room = limit - width(_LOOK[line.role][0])
    start, used = 0, 0
    for i, char in enumerate(line.text):
        size = width(char)
        if used + size > room:
            yield Line(line.role, line.text[start:i])
            start, used = i, 0
        used += size
    yield Line(line.role, line.text[start:])


def split(lines: Sequence[Line], limit: int = LIMIT) -> tuple[tuple[Line, ...], ...]:
    """The lines in as few messages as hold them, cut between lines where possible."""
    parts: list[list[Line]] = [[]]
    for piece in (piece for line in lines for piece in _pieces(line, limit)):
        if parts[-1] and width(plain([*parts[-1], piece])) > limit:
            parts.append([])
        parts[-1].append(piece)
    return tuple(tuple(part) for part in parts)


def keyboard(buttons: Sequence[Button], keys: Sequence[str]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """The keys under a message, or those that replace the typing keyboard."""
    if buttons:
        return InlineKeyboardMarkup([[_button(button) for button in row] for row in _rows(buttons)])
    if keys:
        return ReplyKeyboardMarkup([[KeyboardButton(key) for key in keys[i:i + _ROW]] for i in range(0, len(keys), _ROW)],
                                   resize_keyboard=True, is_persistent=True, input_field_placeholder=PLACEHOLDER)
    return None


def _rows(buttons: Sequence[Button]) -> list[list[Button]]:
    """Short keys side by side, the thumbs in a row of their own, long keys (other cards) one below the other."""
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and len(rows[-1]) < _ROW and all(_fits(one, button) for one in rows[-1]):
            rows[-1].append(button)
        else:
            rows.append([button])
    return rows


def _fits(one: Button, other: Button) -> bool:
    return max(len(one.label), len(other.label)) <= _SHORT and (one.label in _THUMBS) == (other.label in _THUMBS)


def _button(button: Button) -> InlineKeyboardButton:
    if button.copy and width(button.copy) <= MAX_COPY:
        return InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.copy))
    return InlineKeyboardButton(button.label, callback_data=button.action)


def articles(offers: Sequence[tuple[str, tuple[Line, ...]]]) -> list[InlineQueryResultArticle]:
    """Lines to choose from; what is sent is the bare line, for whoever reads it is no agent."""
    return [InlineQueryResultArticle(str(i), lines[0].text, InputTextMessageContent("\n".join(line.text for line in lines)),
                                     description=title) for i, (title, lines) in enumerate(offers)]
