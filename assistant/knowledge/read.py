"""Reads `corpus/` into domain values. What cannot be read is left out and named, so one broken card stops nobody."""
from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assistant.domain import Card, Corpus, Fact, Never, RedLine, Variant
from assistant.errors import CorpusError

KINDS = ("objection", "question")
STAGES = ("opening", "needs", "quote", "close", "follow_up", "after_sale")
SECTIONS = ("说", "问", "为什么", "别说", "客户会说")
_DASH = r"-\s+"
_VARIANT = re.compile(r"说\s*\[([\w-]+)\]")
_KEYS = ("id", "title", "kind", "stage", "urgency", "facts", "reviewed")
_FACT_KEYS = ("id", "topic", "statement", "valid_from", "region", "energy", "channel", "source", "confidence")
_REDLINE_KEYS = ("id", "title", "what", "basis", "legal", "rewrite", "advice", "patterns")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in which line of which file, and what to do. `line` counts from 1; 0 is the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class CardText:
    """A card with the lines on which its parts stand, for messages that point at a line."""

    card: Card
    numbers: Mapping[str, tuple[int, ...]]

    def line(self, part: str) -> int:
        """The line of a part such as "title", "ask" or "say2" (counted from 0); 1 where it does not stand."""
        name = part.rstrip("0123456789")
        numbers, place = self.numbers.get(name, ()), int(part[len(name):] or 0)
        return numbers[place] if place < len(numbers) else 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and the problems met. `texts` holds every readable card, duplicates of an id included."""

    corpus: Corpus
    texts: tuple[CardText, ...]
    problems: tuple[Problem, ...]


class _Broken(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _toml_line(error: tomllib.TOMLDecodeError) -> int:
    found = re.search(r"line (\d+)", str(error))
    return int(found.group(1)) if found else 1


def _front_matter(text: str) -> tuple[dict, int]:
    """The TOML between the +++ lines, and the number of the line that closes it."""
    lines = text.split("\n")
    if not lines or lines[0].strip() != "+++":
        raise _Broken(1, "第一行应该是 +++，下面写卡片的字段")
    closing = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "+++"), None)
    if closing is None:
        raise _Broken(1, "字段区没有收尾的 +++，请补上")
    try:
        return tomllib.loads("\n".join(lines[1:closing])), closing + 1
    except tomllib.TOMLDecodeError as error:
        raise _Broken(_toml_line(error) + 1, f"字段写错了（{error}）") from error


def _require(head: Mapping, key: str, kind: type, line: int):
    if key not in head:
        raise _Broken(line, f"缺少字段 {key}，请补上")
    value = head[key]
    if not isinstance(value, kind) or (kind is list and not all(isinstance(item, str) for item in value)):
        raise _Broken(line, f"字段 {key} 的写法不对，请对照 corpus/README.md")
    return value


def _sections(text: str, start: int) -> dict[str, list[tuple[int, str]]]:
    """Section name -> its non-empty lines with their numbers."""
    found: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] | None = None
    for number, line in enumerate(text.split("\n")[start:], start + 1):
        if line.startswith("## "):
            name = line[3:].strip()
            if name not in SECTIONS and not _VARIANT.fullmatch(name):
                raise _Broken(number, f"小节“{name}”不认识，只用：{'、'.join(SECTIONS)}")
            if name in found:
                raise _Broken(number, f"小节“{name}”写了两次，请合并")
            current = found[name] = []
        elif line.strip():
            if current is None:
                raise _Broken(number, "这一行不在任何小节里，请放到 ## 小节下面")
            current.append((number, line.strip()))
    for name in SECTIONS:
        if name not in found:
            raise _Broken(start, f"缺少小节“## {name}”，请补上")
    for name in found:
        if not found[name]:
            raise _Broken(start, f"小节“## {name}”是空的，请写上内容")
    return found


def _items(lines: list[tuple[int, str]], mark: str) -> list[tuple[int, str]]:
    items = []
    for number, line in lines:
        if mark == _DASH and line.startswith("- "):  # tens of thousands of phrasings at every start
            items.append((number, line[2:].lstrip()))
            continue
        found = re.match(mark, line)
        if found is None:
            raise _Broken(number, f"这一行的开头不对，应写成“{'1. ' if mark.startswith(chr(92) + 'd') else '- '}……”")
        items.append((number, line[found.end():].strip()))
    return items


def _variants(sections: Mapping[str, list[tuple[int, str]]]) -> list[tuple[int, Variant]]:
    """`## 说 [nev]` and the like: each line replaces the rung whose number it carries."""
    variants = []
    for name, lines in sections.items():
        if scope := _VARIANT.fullmatch(name):
            say = {}
            for number, line in lines:
                found = re.match(r"([1-9])\.\s*", line)
                if found is None or int(found[1]) in say:
                    raise _Broken(number, "变体的每一行写成“2. ……”：替换第几句就写几，一句只写一次")
                say[int(found[1])] = line[found.end():]
            variants.append((lines[0][0], Variant(scope[1], say)))
    return variants


def read_card(text: str, path: str) -> CardText:
    """Reads one card. Raises CorpusError whose message names file and line."""
    try:
        head, start = _front_matter(text)
        for key in head:
            if key not in (*_KEYS, "refusal"):
                raise _Broken(1, f"字段 {key} 不认识，请删掉或改名")
        sections = _sections(text, start)
        say = _items(sections["说"], r"\d\.\s*")
        if len(sections["问"]) != 1:
            raise _Broken(sections["问"][-1][0], "“问”只写一行、一个问题")
        ask = sections["问"][0]
        points = _items(sections["为什么"], _DASH)
        never = []
        for number, line in _items(sections["别说"], _DASH):
            quote, mark, basis = line.rpartition(" | ")
            if not mark:
                raise _Broken(number, "别说的每一行写成“- 原话 | RL-05”")
            never.append((number, Never(quote.strip().strip("“”\""), basis.strip())))
        phrasings = _items(sections["客户会说"], _DASH)
        variants = _variants(sections)
        card = Card(
            id=_require(head, "id", str, 1), title=_require(head, "title", str, 1), kind=_require(head, "kind", str, 1),
            stage=tuple(_require(head, "stage", list, 1)), urgency=_require(head, "urgency", int, 1),
            facts=tuple(_require(head, "facts", list, 1)), reviewed=_require(head, "reviewed", date, 1),
            say=tuple(line for _, line in say), ask=ask[1], points=tuple(line for _, line in points),
            never=tuple(item for _, item in never), phrasings=tuple(line for _, line in phrasings),
            refusal=str(head.get("refusal", "")), path=path, variants=tuple(variant for _, variant in variants),
        )
    except _Broken as error:
        raise CorpusError(str(Problem(path, error.line, str(error)))) from error
    numbers = {"ask": (ask[0],)}
    for name, items in (("say", say), ("points", points), ("never", never), ("phrasings", phrasings), ("variants", variants)):
        numbers[name] = tuple(number for number, _ in items)
    for number, line in enumerate(text.split("\n", start)[:start], 1):
        numbers.setdefault(line.partition("=")[0].strip(), (number,))
    return CardText(card, numbers)


def _tuple(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _fact(entry: Mapping) -> Fact:
    for key in _FACT_KEYS:
        if key not in entry:
            raise ValueError(f"{entry.get('id', '一条事实')} 缺少字段 {key}")
    for key in ("valid_from", "valid_to"):
        if key in entry and not isinstance(entry[key], date):
            raise ValueError(f"{entry['id']} 的 {key} 应写成日期，如 2020-09-19")
    return Fact(
        id=entry["id"], topic=entry["topic"], statement=entry["statement"], valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"), region=_tuple(entry["region"]), energy=_tuple(entry["energy"]),
        channel=_tuple(entry["channel"]), source=entry["source"], confidence=entry["confidence"],
        speak=_tuple(entry.get("speak", [])), check=entry.get("check"), rumour=bool(entry.get("rumour", False)),
    )


def _redline(entry: Mapping) -> RedLine:
    for key in _REDLINE_KEYS:
        if key not in entry:
            raise ValueError(f"{entry.get('id', '一条红线')} 缺少字段 {key}")
    for pattern in (*entry["patterns"], *entry.get("hints", []), *entry.get("allow", [])):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{entry['id']} 的正则“{pattern}”写错了（{error}）") from error
    return RedLine(
        id=entry["id"], title=entry["title"], what=entry["what"], basis=_tuple(entry["basis"]), legal=entry["legal"],
        rewrite=entry["rewrite"], advice=entry["advice"], patterns=_tuple(entry["patterns"]),
        allow=_tuple(entry.get("allow", [])), hints=_tuple(entry.get("hints", [])),
    )


def _table(path: Path, name: str, key: str, make, problems: list[Problem]) -> dict:
    found: dict = {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get(key, [])
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(name, _toml_line(error), f"写错了（{error}），这个文件暂时没用上"))
        return found
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(name, 0, f"读不到（{error}），请检查文件"))
        return found
    for entry in entries:
        try:
            value = make(entry)
        except (ValueError, TypeError) as error:
            problems.append(Problem(name, 0, f"{error}，请补好"))
            continue
        if value.id in found:
            problems.append(Problem(name, 0, f"{value.id} 写了两次，请删掉一条"))
        found[value.id] = value
    return found


def read_corpus(folder: Path) -> Reading:
    """Reads every card, fact and red line under `folder`. Raises CorpusError only where there is no corpus at all."""
    if not (folder / "cards").is_dir():
        raise CorpusError(f"找不到语料目录 {folder / 'cards'}。请在项目目录里运行，或在 config.toml 里改 paths.corpus。")
    problems: list[Problem] = []
    facts: dict[str, Fact] = {}
    for path in sorted((folder / "facts").glob("*.toml")):
        facts |= _table(path, str(path.relative_to(folder.parent)), "fact", _fact, problems)
    redlines = _table(folder / "redlines.toml", f"{folder.name}/redlines.toml", "redline", _redline, problems)
    off_topic = {}
    for path in sorted((folder / "off_topic").glob("*.txt")):
        try:
            off_topic[path.stem] = tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(str(path.relative_to(folder.parent)), 0, f"读不到（{error}），请用 UTF-8 另存"))
    cards: dict[str, Card] = {}
    texts: list[CardText] = []
    for path in sorted((folder / "cards").rglob("*.md")):
        name = str(path.relative_to(folder.parent))
        try:
            text = read_card(path.read_text(encoding="utf-8").replace("\r\n", "\n").lstrip("\ufeff"), name)
        except CorpusError as error:
            found = re.match(r".*?:(\d+): (.*)", str(error), re.DOTALL)
            problems.append(Problem(name, int(found.group(1)) if found else 0, found.group(2) if found else str(error)))
            continue
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(name, 0, f"读不到（{error}），请用 UTF-8 另存"))
            continue
        texts.append(text)
        cards.setdefault(text.card.id, text.card)
    if not cards:
        raise CorpusError(f"{folder / 'cards'} 里没有一张读得了的卡片。请先运行 coach lint 看看哪里写错了。")
    return Reading(Corpus(cards, facts, redlines, off_topic), tuple(texts), tuple(problems))
