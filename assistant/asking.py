"""One line in, one answer out, without a call or a log: what `coach ask` and the evals use."""
from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from datetime import date

from assistant import coach
from assistant.desk import Search
from assistant.domain import Corpus, Found, Grounding, Suggestion
from assistant.errors import CoachError


def read_lines(stream: Iterable[str]) -> Iterator[dict]:
    """JSON objects, one a line; blank lines are passed over. Raises CoachError naming the broken line."""
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise CoachError(f'第 {number} 行不是 JSON，请写成 {{"id": "1", "q": "太贵了"}}。') from error
        if not isinstance(entry, dict) or not isinstance(entry.get("q"), str):
            raise CoachError(f'第 {number} 行缺少文字字段 q，请写成 {{"id": "1", "q": "太贵了"}}。')
        yield entry


def look_up(line: str, search: Search) -> tuple[Found, list[Found]]:
    """What the whole line finds, and what its parts find."""
    if not any(char.isalnum() for char in line):
        return Found((), 0.0, Grounding.NONE), []
    whole = search(line)
    return whole, [search(part) for part in coach.clauses(line)] if coach.may_be_two(whole) else []


def ask(line: str, search: Search, corpus: Corpus, today: date) -> tuple[Suggestion, float]:
    """The suggestion for one line at the start of a call, and the milliseconds it took."""
    started = time.perf_counter()
    whole, parts = look_up(line, search)
    suggestion = coach.suggest(whole, parts, corpus, (), today)
    return suggestion, (time.perf_counter() - started) * 1000


def as_object(suggestion: Suggestion, ms: float) -> dict:
    """The stable JSON shape of an answer; `cards` is empty and `grounding` "none" when it declines."""
    return {
        "cards": list(suggestion.cards), "grounding": str(suggestion.grounding), "say": suggestion.say,
        "ask": suggestion.ask, "never": [never.line for never in suggestion.never], "facts": list(suggestion.facts),
        "flags": list(suggestion.flags), "ms": round(ms, 2),
    }
