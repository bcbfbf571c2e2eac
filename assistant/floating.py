"""Why 交强险 changed: class, region and accidents -> the statutory ratio, step by step, each with its fact. Pure.

For agents only. Every ratio is read out of the facts in force that day; nothing is multiplied into a premium.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from assistant import places
from assistant.domain import Fact
from assistant.slots import number

CLOSING = "仅供座席自己理解，不念给客户。以系统报价为准。"
USAGE = "例如：/float 广东 3年未出险，或 /float A 有责1次"
_DOWN = re.compile(r"([A-E])类地区：上1年没有有责事故下浮(\d+%)，连续2年没有下浮(\d+%)，连续3年及以上没有下浮(\d+%)")
_UP = re.compile(r"上年1次有责、没有死亡的，浮动(\d+%)；2次及以上有责的上浮(\d+%)；发生有责的死亡事故上浮(\d+%)")
_TOPICS = {"formula": "保费怎么浮动", "up": "什么时候上浮", "innocent": "无过错不涨价", "first": "首保与过户"}
_N = r"([\d一二两三四五六七八九十]+)"
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple((name, re.compile(pattern)) for name, pattern in (
    ("hurt", r"(?:没有?|无|未|非)(?:人)?(?:死亡|死人|亡人)|(?:有人?)?受伤|人伤"),
    ("death", r"(?:有责)?(?:的)?(?:死亡(?:事故)?|撞死人|死了?人|亡人(?:事故)?)"),
    ("faults", rf"(?:上年|去年)?有责(?:事故)?\s*{_N}\s*[次起]|(?:上年|去年)?{_N}\s*[次起](?:的)?有责(?:事故)?"),
    ("innocent", rf"(?:上年|去年)?无责(?:事故)?(?:\s*{_N}\s*[次起])?|(?:上年|去年)?{_N}\s*[次起]无责(?:事故)?"),
    ("years", rf"(?:连续|近)?{_N}\s*年(?:都)?(?:未|没有?|无)(?:有责|出过?)?(?:出险|险|事故)?"),
    ("years", rf"(?:未|没有?|无)(?:有责|出过?)?(?:出险|险|事故)\s*(?:已经?|有|满)?\s*{_N}\s*年"),
    ("year", r"(?:上年|去年|上一年)(?:未|没有?|无)(?:有责|出过?)?(?:出险|险|事故)?"),
    ("first", r"首次投保|首保|第一次投保|新车|新买的车|过户"),
))


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the car: `region` (a province or a class letter), whole years without a responsible accident,
    responsible accidents in the last year, a responsible death, a first policy or a transfer; None is unknown."""

    region: str = ""
    years: int | None = None
    faults: int | None = None
    death: bool = False
    innocent: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the explanation and the fact it rests on ("" where it is only a remark)."""

    text: str
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Floating:
    """The ratio as the fact writes it (-30%, 0%, +10%, 不浮动), "" where it cannot be told, and the steps to it."""

    ratio: str
    steps: tuple[Step, ...]


def parse(text: str, facts: Mapping[str, Fact]) -> tuple[History, tuple[str, ...]]:
    """`广东 3年未出险`, `A 有责1次`, `四川 有责死亡` -> the history, and the words that mean nothing here."""
    rest, found = unicodedata.normalize("NFKC", text), {}
    for name, pattern in _WORDS:
        for match in pattern.finditer(rest):
            value = next((int(number(group) or 0) for group in match.groups() if group), None)
            found[name] = True if value is None else value
        rest = pattern.sub(" ", rest)
    if "year" in found:
        found.setdefault("years", 1)
    region, unknown = "", []
    for word in re.split(r"[\s,;、。:]+", rest):
        if (known := places.region(word, facts.values()) if word else None) is not None:
            region = known
        elif word and word not in ("地区", "连续", "交强险", "车"):
            unknown.append(word)
    history = History(region, found.get("years"), found.get("faults"), "death" in found, "innocent" in found, "first" in found)
    return history, tuple(unknown)


def missing(history: History) -> str:
    """One sentence that asks for what is still needed; empty where nothing is."""
    if history.years and (history.faults or history.death):
        return f"又说连续{history.years}年没有有责事故，又说有责，请只留一样。{USAGE}"
    if history.death or history.first or (history.faults or 0) > 0:
        return ""
    if history.years is None and not history.innocent and history.faults is None:
        return f"还差出险情况：连续几年没有有责事故，或者上年有责几次。{USAGE}"
    if not history.years:
        return f"还差年数：连续几年没有有责事故。{USAGE}"
    return "" if history.region else f"还差地区：写省份或 A 到 E 类，也可以先用 /profile 地区 广东 记好。{USAGE}"


def tabled(fact: Fact) -> bool:
    """Whether the fact is one that `ratios` has to be able to read; lint holds it to that."""
    return fact.topic.endswith("类地区下浮") or fact.topic == _TOPICS["up"]


def ratios(facts: Mapping[str, Fact]) -> Mapping[str, tuple[str, ...]]:
    """Fact id -> its ratios in the order of its statement: down for 1, 2, 3 years; up for one, more, a death."""
    found = {}
    for fact in facts.values():
        pattern = _DOWN if fact.topic.endswith("类地区下浮") else _UP if fact.topic == _TOPICS["up"] else None
        if pattern is not None and (match := pattern.search(fact.statement)) is not None:
            found[fact.id] = match.groups()[-3:]
    return found


def _grade(fact: Fact) -> str:
    """How sure the fact is, as its file says; plain words where it is not 高."""
    checked = fact.source.rpartition("；")[2]
    return f"置信{fact.confidence}，{checked}" + ("" if fact.confidence == "高" else "，只当参考")


def _step(text: str, fact: Fact) -> Step:
    return Step(f"{text}（{fact.id}，{fact.valid_from} 起，{_grade(fact)}）", fact.id)


def explain(history: History, facts: Mapping[str, Fact], today: date) -> Floating:
    """The statutory ratio for a history that `missing` finds complete. Where the facts of that day say nothing, so does
    the answer."""
    live = {fact.id: fact for fact in facts.values() if fact.in_force(today)}
    topics = {fact.topic: fact for fact in live.values()}
    by = {name: topics.get(topic) for name, topic in _TOPICS.items()}
    classes, table, steps = places.classes(live.values()), ratios(live), []
    letter = next((letter for letter, fact in classes.items() if history.region in (letter, *fact.region)), "")
    if letter:
        steps.append(_step(f"{'' if history.region == letter else history.region + '属 '}{letter} 类地区", classes[letter]))
    if by["formula"] is not None:
        steps.append(_step("浮动只看道路交通事故这一项；有些地区另叠加交通违法、酒驾的比率，这里不含", by["formula"]))
    if history.innocent and by["innocent"] is not None:
        steps.append(_step("无责的事故不算，不会因此上浮", by["innocent"]))
    ratio, why, fact = _ratio(history, by, classes.get(letter), table)
    if fact is None:
        return Floating("", (*steps, Step(f"{today} 这一天，库里没有现行的浮动比率可依据。"), Step(CLOSING)))
    return Floating(ratio, (*steps, _step(f"{why}：浮动比率 {ratio}", fact), Step(CLOSING)))


def _ratio(history: History, by: Mapping[str, Fact | None], down: Fact | None,
           table: Mapping[str, tuple[str, ...]]) -> tuple[str, str, Fact | None]:
    """The ratio, the reason and the fact; no fact where none in force says it."""
    up = by["up"] if by["up"] is not None and by["up"].id in table else None
    if history.death:
        return (f"+{table[up.id][2]}", "发生有责的死亡事故（只有死亡才到这一档，受伤不触发）", up) if up else ("", "", None)
    if history.faults:
        one, more = table[up.id][:2] if up else ("", "")
        return (f"+{more}", f"上年有责 {history.faults} 次，算 2 次及以上", up) if history.faults > 1 else (
            one, "上年有责 1 次，没有死亡", up)
    if history.first:
        return "不浮动", "首次投保，或保险期内过户并办了变更", by["first"]
    if down is None or down.id not in table or not history.years:
        return "", "", None
    return (f"-{table[down.id][min(history.years, 3) - 1]}",
            f"连续 {history.years} 年没有有责事故{'，按 3 年及以上' if history.years > 2 else ''}", down)
