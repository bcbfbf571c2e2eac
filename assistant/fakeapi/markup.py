"""Text as Telegram measures and marks it: UTF-16 lengths, HTML into entities, commands and mentions found in prose."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.fakeapi.html import parse_html
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import bad, not_modelled

MAX_TEXT = 4096
MAX_ENTITIES = 100
Entity = dict[str, Any]

FOUND = {
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    "mention": re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)"),
    "url": re.compile(r"https?://[^\s<>，。！？、]+"),
}
KINDS = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic",
                   "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
                   "text_link", "text_mention", "custom_emoji"})
CLOSED = frozenset({"code", "pre", "text_link", "text_mention"})


def utf16(text: str) -> int:
    """Length in UTF-16 code units, Telegram's unit for offsets and limits."""
    return len(text.encode("utf-16-le")) // 2


def covered(text: str, entity: Mapping[str, Any]) -> str:
    """The part of the text that an entity covers."""
    raw = text.encode("utf-16-le")
    return raw[2 * entity["offset"]:2 * (entity["offset"] + entity["length"])].decode("utf-16-le", "replace")


def find_entities(text: str, given: Sequence[Entity] = ()) -> list[Entity]:
    """The given entities and the commands, mentions and addresses in the text outside code and links, in order.

    Telegram keeps the first hundred and drops the rest without a word.
    """
    found = list(given)
    closed = [entity for entity in given if entity["type"] in CLOSED]
    for kind, pattern in FOUND.items():
        for match in pattern.finditer(text):
            entity = {"type": kind, "offset": utf16(text[:match.start()]), "length": utf16(match[0])}
            if not any(_overlap(entity, other) for other in closed):
                closed.append(entity)
                found.append(entity)
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))[:MAX_ENTITIES]


def _overlap(one: Entity, other: Entity) -> bool:
    return (one["offset"] < other["offset"] + other["length"]
            and other["offset"] < one["offset"] + one["length"])


def read_text(params: Params | Mapping[str, Any], name: str = "text", mode: str = "parse_mode",
              entities: str = "entities", empty: str = "message text is empty") -> tuple[str, list[Entity]]:
    """The text of a parameter and its entities, parsed and trimmed. Raises what Telegram says about bad text."""
    source = params.get(name, "")
    if not source and empty:
        raise bad(empty)
    how = params.get(mode, "").lower()
    if how == "html":
        text, found = parse_html(source)
    elif how in ("markdown", "markdownv2"):
        raise not_modelled(f"parse_mode {params[mode]}: send HTML")
    elif how:
        raise bad("unsupported parse_mode")
    else:
        given = params.json(entities, "can't parse entities JSON object") if isinstance(params, Params) else None
        text, found = source, _given_entities(source, [] if given is None else given)
    text, found = _trim(text, found)
    if not text and empty:
        raise bad("text must be non-empty")
    return text, find_entities(text, found)


def refuse_long(text: str, refusal: str = "message is too long") -> None:
    """The limit after parsing, in UTF-16 units. A probe in 2026 saw an emoji counted once: ours is the safe side."""
    if utf16(text) > MAX_TEXT:
        raise bad(refusal)


def _given_entities(text: str, given: Any) -> list[Entity]:
    if not isinstance(given, list):
        raise bad("expected an Array of MessageEntity")
    length = utf16(text)
    for entity in given:
        if not isinstance(entity, dict) or entity.get("type") not in KINDS:
            raise bad("can't parse MessageEntity: Unsupported type specified")
        start, size = entity.get("offset", 0), entity.get("length", 0)
        if start < 0:
            raise bad(f"receive an entity with incorrect offset {start}")
        if start > length:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {start}")
        if start + size > length:
            raise bad(f"entity beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset "
                      f"{start + size}")
    return [dict(entity) for entity in given]


def _trim(text: str, entities: Sequence[Entity]) -> tuple[str, list[Entity]]:
    text = text.replace("\r", "")
    lead = utf16(text) - utf16(text.lstrip())
    text = text.strip()
    end = utf16(text)
    kept = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        stop = min(end, entity["offset"] + entity["length"] - lead)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return text, kept
