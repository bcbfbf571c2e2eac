"""One line in, one answer out, without a call or a log: what `coach ask` and the evals use."""
from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from assistant import coach, places, slots
from assistant.desk import Search
from assistant.domain import Corpus, Found, Grounding, Scene, Suggestion
from assistant.errors import CoachError
from assistant.guard import Break
from assistant.redact import mask

_SURNAME = re.compile(r"^我(?:免贵)?姓[\u4e00-\u9fff]{1,2}[，,。、\s]+")
_PERSONAL = re.compile(r"(?:我叫|我是|我姓|姓名|名字|电话|手机|号码|车牌|身份证|微信)?(?:号码?)?[是:： ]{0,2}\[[\u4e00-\u9fffA-Z]{2,5}\][，,。、\s]*")

def read_lines(stream: Iterable[str], field: str = "q", example: str = "太贵了") -> Iterator[dict]:
    """JSON objects with a text `field`, one a line; blank lines are passed over. Raises CoachError naming the broken line."""
    shape = json.dumps({"id": "1", field: example}, ensure_ascii=False)
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise CoachError(f"第 {number} 行不是 JSON，请写成 {shape}。") from error
        if not isinstance(entry, dict) or not isinstance(entry.get(field), str):
            raise CoachError(f"第 {number} 行缺少文字字段 {field}，请写成 {shape}。")
        yield entry


def scene(corpus: Corpus, day: date, region: str = "", energy: str = "", channel: str = "", said: str = "") -> Scene:
    """The scene from what was typed; `said` is what the customer quoted (上年3200 今年2950). Raises CoachError naming
    what nobody understands."""
    facts, found = tuple(corpus.facts.values()), {}
    for name, typed, read in (("region", region, lambda text: places.region(text, facts)), ("energy", energy, places.energy),
                              ("channel", channel, places.channel)):
        found[name] = read(typed) if typed else ""
        if found[name] is None:
            raise CoachError(f"--{name} {typed} 看不懂。地区写省份或 A 到 E，能源写 fuel 或 nev，渠道写 insurer、dealer 或 intermediary。")
    parsed = slots.parse(said)
    if parsed.unknown:
        raise CoachError(f"--slots 里的 {'、'.join(parsed.unknown)} 看不懂。例如：--slots \"上年3200 今年2950 未出险 12天到期\"")
    place = places.place(found["region"], found["energy"] or parsed.slots.energy, found["channel"], facts)
    return Scene(day, place, parsed.slots)


def searched(line: str) -> str:
    """What a line is looked up by: without the personal data in it, which says nothing about what is meant (我叫王小明，太贵了
    is 太贵了); the line itself where nothing else is left."""
    masked = _SURNAME.sub("", mask(line))
    if masked == line:
        return line
    bare = _PERSONAL.sub("", masked)
    return bare if any(char.isalnum() for char in bare) else line


def look_up(line: str, search: Search) -> tuple[Found, list[Found]]:
    """What the whole line finds, and what its parts find."""
    if not any(char.isalnum() for char in line):
        return Found((), 0.0, Grounding.NONE), []
    line = searched(line)
    whole = search(line)
    return whole, [search(part) for part in coach.clauses(line)] if coach.may_be_two(whole) else []


def ask(line: str, search: Search, corpus: Corpus, scene: Scene) -> tuple[Suggestion, float]:
    """The suggestion for one line at the start of a call, and the milliseconds it took."""
    started = time.perf_counter()
    whole, parts = look_up(line, search)
    suggestion = coach.suggest(whole, parts, corpus, (), scene)
    return suggestion, (time.perf_counter() - started) * 1000


def as_object(suggestion: Suggestion, ms: float) -> dict:
    """The stable JSON shape of an answer; `cards` is empty and `grounding` "none" when it declines."""
    return {
        "cards": list(suggestion.cards), "grounding": str(suggestion.grounding), "say": suggestion.say,
        "ask": suggestion.ask, "never": [never.line for never in suggestion.never], "facts": list(suggestion.facts),
        "flags": list(suggestion.flags), "ms": round(ms, 2),
    }


def as_verdict(found: Sequence[Break], unsupported: Sequence[str] = ()) -> dict:
    """The stable JSON shape of a check; `layer` says who spoke: "rules" or "likeness". `unsupported` are figures that no fact
    in force lets an agent say: they break no red line, but want checking first."""
    return {"allowed": not found, "breaks": [
        {"rule": one.rule, "quote": one.quote, "basis": one.basis, "rewrite": one.rewrite, "layer": one.layer} for one in found],
        "unsupported": list(unsupported)}
