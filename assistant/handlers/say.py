"""能说吗: the agent's own words before they are said, and what comes up again and again, for the manager."""
from __future__ import annotations

from datetime import date, timedelta

from assistant import guard, render, slots
from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message, Role, Slots
from assistant.errors import StoreError

USAGE = "请写成：能说吗 你打算说的话，例如：能说吗 今天办我给您返三百"
MAX_DRAFT = 500
TOO_LONG = "这段话有 {count} 个字，只看了前 {seen} 个。"
OFTEN = 3  # breaks of one rule by one person within a week: a habit that a manager wants to know of
WEEK = timedelta(days=7)
MOST_DAYS = 3650


def say(incoming: Incoming, desk: Desk, draft: str) -> Message:
    """May these words be said? Kept for review; a habit reaches the managers once a week, not an alarm each time."""
    if not any(char.isalnum() for char in draft):
        return Message((Line("note", USAGE),))
    notes = (Line("note", TOO_LONG.format(count=len(draft), seen=MAX_DRAFT)),) if len(draft) > MAX_DRAFT else ()
    draft = draft[:MAX_DRAFT]
    found = tuple(desk.guard(draft))
    today = desk.as_of or incoming.at.date()
    message = render.verdict(found, _figures(draft, incoming, desk, today), desk.corpus)
    try:
        desk.store.add_check(incoming.person, draft, [broken.rule for broken in found], [broken.layer for broken in found],
                             incoming.at)
        if found:
            _tell_managers(incoming, desk)
    except StoreError as error:
        notes += (Line("warning", str(error)),)
    return Message((*message.lines, *notes), message.buttons)


def _figures(draft: str, incoming: Incoming, desk: Desk, today: date) -> tuple[guard.Figure, ...]:
    """Figures that neither a fact in force nor the customer of this call has stated."""
    facts = [fact for fact in desk.corpus.facts.values() if fact.in_force(today)]
    call = desk.store.current_call(incoming.person)
    known = desk.store.slots(call.id) if call is not None else Slots()
    found: list[guard.Figure] = []
    for clause in guard.clauses(draft):
        quoted = guard.figures(slots.describe(slots.meant(clause, known)))
        found += [figure for figure in guard.unsupported(clause, facts) if not any(figure.fits(one) for one in quoted)]
    return tuple(found)


def _tell_managers(incoming: Incoming, desk: Desk) -> None:
    year, week, _ = incoming.at.isocalendar()
    for habit in desk.store.habits(incoming.at - WEEK):
        if habit.person != incoming.person or habit.times < OFTEN:
            continue
        for boss in desk.store.who_may(Role.MANAGER):
            if boss != habit.person:
                desk.store.notify(boss, "pattern", render.habit(habit, desk.corpus),
                                  f"pattern:{habit.rule}:{habit.person}:{year}-{week}:{boss}", incoming.at)


def checks(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """For managers: which red lines the team's own words touched in the last days (7 unless said), and how often."""
    if rest and not (rest.isdigit() and 0 < int(rest) <= MOST_DAYS):
        return Message((Line("note", f"请写成：/checks 7（1 到 {MOST_DAYS} 天）"),))
    days = int(rest or WEEK.days)
    since = incoming.at - timedelta(days=days)
    return Message(render.checks(days, desk.store.checks(since), desk.store.habits(since), desk.corpus))
