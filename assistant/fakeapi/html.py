"""Telegram's HTML into text and entities, with its complaints word for word and their byte offsets."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from assistant.fakeapi.refusal import Refusal, bad

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-zA-Z]{2,5}));?")
SPACE = re.compile(r"\s*")
NAME = re.compile(r"[^\s=>/\"']*")
MENTION = re.compile(r"tg://user\?id=(\d+)$")


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end: where its content starts in UTF-16 units and in the source."""

    tag: str
    argument: str
    offset: int
    begins: int


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Text without tags, and its entities ordered by offset. Raises Refusal as Telegram does.

    An unknown reference such as &nbsp; stays as it is: Telegram does not refuse it.
    """
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.units = 0
        self.open: list[_Open] = []
        self.entities: list[dict[str, Any]] = []

    def run(self) -> tuple[str, list[dict[str, Any]]]:
        while self.at < len(self.source):
            here = self.source[self.at]
            if here == "&" and (decoded := self._reference()) is not None:
                self._emit(decoded)
            elif here != "<":
                self._emit(here)
                self.at += 1
            elif self.source.startswith("</", self.at):
                self._end()
            else:
                self._start()
        if self.open:
            raise _cannot(f"Can't find end tag corresponding to start tag \"{self.open[-1].tag}\"")
        order = sorted(self.entities, key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.out), _without_nested_code(order)

    def _emit(self, text: str) -> None:
        self.out.append(text)
        self.units += sum(1 + (ord(char) > 0xFFFF) for char in text)

    def _reference(self) -> str | None:
        match = REFERENCE.match(self.source, self.at)
        if match is None:
            return None
        sixteen, ten, name = match.groups()
        code = int(sixteen, 16) if sixteen else int(ten) if ten else 0
        char = NAMED.get(name or "", "") or (chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "")
        if not char:
            return None
        self.at = match.end()
        return char

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _peek(self) -> str:
        return self.source[self.at:self.at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.at)
        assert match is not None
        self.at = match.end()
        return match[0]

    def _start(self) -> None:
        begin = self.at
        self.at += 1
        raw = self._skip(re.compile(r"[^\s>]*"))
        if not self._peek():
            raise _cannot(f"Unclosed start tag at byte offset {self._byte(begin)}")
        tag = raw.lower()
        if tag not in TAGS:
            raise _cannot(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = ""
        while True:
            self._skip(SPACE)
            if self._peek() == ">":
                break
            argument = self._attribute(tag, begin) or argument
        self.at += 1
        if tag == "span" and argument != "spoiler":
            raise _cannot(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.open.append(_Open(tag, argument, self.units, self.at))

    def _attribute(self, tag: str, begin: int) -> str:
        name = self._skip(NAME).lower()
        if not name and self._peek():
            raise _cannot(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
        self._skip(SPACE)
        unclosed = _cannot(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
        if self._peek() != "=":
            if not self._peek():
                raise unclosed
            return "expandable" if tag == "blockquote" and name == "expandable" else ""
        self.at += 1
        self._skip(SPACE)
        value = self._quoted(unclosed) if self._peek() in ("'", '"') else self._token(unclosed)
        prefix = {("code", "class"): "language-", ("span", "class"): "tg-"}.get((tag, name))
        if prefix is not None:
            return value.removeprefix(prefix) if value.startswith(prefix) else ""
        return value if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id")) else ""

    def _token(self, unclosed: Refusal) -> str:
        begin = self.at
        value = self._skip(re.compile(r"[A-Za-z0-9.\-]*"))
        if not self._peek():
            raise unclosed
        if not self._peek().isspace() and self._peek() != ">":
            raise _cannot(f"Unexpected end of name token at byte offset {self._byte(begin)}")
        return value.lower()

    def _quoted(self, unclosed: Refusal) -> str:
        quote, value = self._peek(), ""
        self.at += 1
        while self._peek() and self._peek() != quote:
            decoded = self._reference() if self._peek() == "&" else None
            if decoded is None:
                decoded = self._peek()
                self.at += 1
            value += decoded
        self.at += 1
        if not self._peek():
            raise unclosed
        return value

    def _end(self) -> None:
        begin = self.at
        if not self.open:
            raise _cannot(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 2
        name = self._skip(re.compile(r"[^\s>]*"))
        self._skip(SPACE)
        if self._peek() != ">":
            raise _cannot(f"Unclosed end tag at byte offset {self._byte(begin)}")
        expected = self.open[-1].tag
        if name and name.lower() != expected:
            raise _cannot(f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{expected}>", '
                          f'found "</{name}>"')
        self.at += 1
        self._close(self.open.pop(), begin)

    def _close(self, tag: _Open, ends: int) -> None:
        entity: dict[str, Any] = {"type": TAGS[tag.tag], "offset": tag.offset, "length": self.units - tag.offset}
        if not entity["length"]:
            return
        if tag.tag == "a":
            address = tag.argument or self.source[tag.begins:ends]
            mention = MENTION.match(address)
            if mention:
                entity |= {"type": "text_mention", "user": {"id": int(mention[1])}}
            elif "." in address or "://" in address:
                entity["url"] = address if "://" in address else f"http://{address}/"
            else:
                return
        elif tag.tag == "blockquote" and tag.argument:
            entity["type"] = "expandable_blockquote"
        elif tag.tag == "tg-emoji":
            if not tag.argument.isdigit() or int(tag.argument) >= 2 ** 63:
                raise _cannot("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = tag.argument
        elif tag.tag == "pre" and self._language_inside(entity, tag):
            return
        elif tag.tag == "code" and tag.argument:
            entity["language"] = tag.argument
        self.entities.append(entity)

    def _language_inside(self, pre: dict[str, Any], tag: _Open) -> bool:
        """<pre><code class="language-x"> is one block with a language."""
        last = self.entities[-1] if self.entities else {}
        same = last.get("type") == "code" and (last["offset"], last["length"]) == (pre["offset"], pre["length"])
        if same:
            last["type"] = "pre"
        return same


def _without_nested_code(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nothing is bold inside code: Telegram drops what is nested there."""
    kept: list[dict[str, Any]] = []
    end = 0
    for entity in entities:
        if entity["offset"] < end and entity["type"] != "blockquote":
            continue
        if entity["type"] == "code":
            entity.pop("language", None)
        if entity["type"] in ("code", "pre"):
            end = entity["offset"] + entity["length"]
        kept.append(entity)
    return kept


def _cannot(what: str) -> Refusal:
    return bad(f"can't parse entities: {what}")
