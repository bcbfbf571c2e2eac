"""Which told lines a withdrawn or changed fact, card or rung reaches, and the correction that goes out. Pure."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assistant.domain import Corpus, Line
from assistant.guard import RULES, Break

DAYS = 30
MAX_TEXT = 200  # characters of a correction
UNKNOWN = "没有 {id} 这个编号，也没有人用过。写事实编号（COM-22）、卡片的标题或编号（价格太高），或其中一句（价格太高#2）。"
EMPTY_TEXT = "更正要写明改成什么，例如：附加费用率的说法先别讲，以系统报价为准"
TOO_LONG = "更正 {count} 个字，超过 {most} 字。请只写哪句不能再说、改成什么。"
_ID = re.compile(r"(?P<base>[\w-]+?)(?:(?:@(?P<scope>[\w-]+))?#(?P<rung>[1-9]))?")


@dataclass(frozen=True, slots=True)
class Target:
    """What is recalled: a fact, a card (rung 0 is all of it), or one rung, perhaps of one variant."""

    id: str
    base: str
    rung: int = 0
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A line that an agent was given: in which call and turn, when, and what it said."""

    person: str
    name: str
    call: int
    customer: str
    turn: int
    at: datetime
    told: str


@dataclass(frozen=True, slots=True)
class Change:
    """A fact or rung that was changed (`new` holds its text now) or withdrawn (`new` is ""), and who had the old one."""

    id: str
    old: str
    new: str
    at: datetime
    given: tuple[Given, ...] = ()


def target(text: str) -> Target | None:
    """COM-22, price_too_high, price_too_high#2 or price_too_high@nev#2; None if it is none of these."""
    found = _ID.fullmatch(text.strip())
    return Target(text.strip(), found["base"], int(found["rung"] or 0), found["scope"] or "") if found else None


def named(text: str, corpus: Corpus) -> str:
    """A card's title at the start of `text` as its id: 价格太高#2 -> price_too_high#2; other texts as they are."""
    name, mark, rest = text.strip().partition("#")
    card = corpus.card(name)
    return f"{card.id if card else name}{mark}{rest}"


def known(wanted: Target, corpus: Corpus) -> bool:
    """Whether the corpus has it today; what was withdrawn lives on in the log alone."""
    if not wanted.rung:
        return wanted.base in corpus.facts or wanted.base in corpus.cards
    return wanted.base in corpus.cards and wanted.id in lines(corpus)


def lines(corpus: Corpus) -> Mapping[str, str]:
    """Everything that can be told or cited, by id: what a fact says and where it holds, what a rung says."""
    found = {}
    for fact in corpus.facts.values():
        found[fact.id] = (f"{fact.statement}（{fact.valid_from} 至 {fact.valid_to or '今'}；{'、'.join(fact.region)}；"
                          f"{'、'.join(fact.energy)}；{'、'.join(fact.channel)}；置信{fact.confidence}；可念：{'、'.join(fact.speak)}）")
    for card in corpus.cards.values():
        found |= {f"{card.id}#{rung}": line for rung, line in enumerate(card.say, 1)}
        for variant in card.variants:
            found |= {f"{card.id}@{variant.scope}#{rung}": line for rung, line in variant.say.items()}
    return found


def expired(corpus: Corpus, since: date, today: date) -> tuple[Change, ...]:
    """Facts whose last day has passed since then: withdrawn by the calendar, not by a person."""
    return tuple(Change(fact.id, fact.statement, "", datetime.combine(fact.valid_to + timedelta(days=1), datetime.min.time()))
                 for fact in corpus.facts.values() if fact.valid_to is not None and since <= fact.valid_to < today)


def refused(text: str, found: Sequence[Break]) -> str:
    """Why this correction, in which the guard `found` breaks, cannot be sent, in one sentence; empty where it can. It is said
    to colleagues: the layer that knows only what is said to customers takes 先别讲旧的那句 for concealment, and is not asked."""
    if not text.strip():
        return EMPTY_TEXT
    if len(text) > MAX_TEXT:
        return TOO_LONG.format(count=len(text), most=MAX_TEXT)
    for broken in (one for one in found if one.layer == RULES):
        return f"更正自己碰了红线 {broken.rule}（“{broken.quote}”，{broken.basis}），没有发。可改为：{broken.rewrite}"
    return ""


def key(wanted: str, day: date, person: str) -> str:
    """The notice's key: one correction a day, id and person."""
    return f"recall:{wanted}:{day}:{person}"


def by_person(given: Sequence[Given]) -> Mapping[str, tuple[Given, ...]]:
    """The same lines, by agent, in the order given."""
    found: dict[str, tuple[Given, ...]] = {}
    for one in given:
        found[one.person] = (*found.get(one.person, ()), one)
    return found


def correction(wanted: Target, text: str, given: Sequence[Given]) -> tuple[Line, ...]:
    """What one agent is told: the correction, and the calls in which they were given the old line."""
    calls = dict.fromkeys(_call(one) for one in given)
    more = f" 等 {len(calls)} 通" if len(calls) > 5 else ""
    return (Line("warning", f"更正（{wanted.id}）：{text.strip()}"),
            Line("note", f"您用过它的电话：{'、'.join(tuple(calls)[:5])}{more}。对客户说过的，请回电更正。"))


def _call(one: Given) -> str:
    return f"{one.at:%m-%d} 通话 {one.call}{'·' + one.customer if one.customer else ''}"


def listing(wanted: str, given: Sequence[Given], days: int) -> tuple[str, ...]:
    """Who was given it, one told line a row, and the count."""
    people = by_person(given)
    if not given:
        return (f"{wanted}：最近 {days} 天没有人拿到过。",)
    return (f"{wanted}：最近 {days} 天给过 {len(people)} 人 {len(given)} 次。",
            *(f"{one.name} · {one.at:%m-%d %H:%M} · 通话 {one.call}{'·' + one.customer if one.customer else ''} · {one.told}"
              for one in given))


def changes(found: Sequence[Change], days: int) -> tuple[str, ...]:
    """What was changed or withdrawn, the old and the new text, and who had the old one."""
    if not found:
        return (f"最近 {days} 天没有改动或撤回的事实和话。",)
    rows = []
    for change in found:
        rows.append(f"{change.id} {change.at:%m-%d} {'改了' if change.new else '撤回或失效'}：{change.old}"
                    + (f" → {change.new}" if change.new else ""))
        rows += [f"　{row}" for row in listing("旧的那版", change.given, days)]
    return tuple(rows)
