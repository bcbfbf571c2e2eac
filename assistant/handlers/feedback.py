"""Thumbs on a line, and how the call ended."""
from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message, Outcome
from assistant.handlers import call, usual

USAGE = "请写成：结果 续了｜结果 没续｜结果 回访 11-28"
CALL_BACK = "⏰ 今天要回访：第 {call} 通电话{who}。"
REMIND_AT = time(9, 0)
_DAYS = {"今天": 0, "明天": 1, "后天": 2, "大后天": 3}
_WEEK = "一二三四五六日"


def _rate(incoming: Incoming, desk: Desk, rest: str, value: str, thanks: str) -> Message:
    turn = call._own_turn(incoming, desk, rest)
    if turn is None:
        return call._missing(incoming)
    desk.store.rate(turn.id, incoming.person, value, incoming.at)
    return Message((Line("note", thanks),), turn=turn.id)


def up(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Keeps that the line helped."""
    return _rate(incoming, desk, rest, "👍", "记下了，这句好用。")


def down(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Keeps that it did not."""
    return _rate(incoming, desk, rest, "👎", "记下了，会请主管看这句。换一句请按 1。")


def parse_day(text: str, today: date) -> date | None:
    """A call-back day as people type it: 11-28, 11月28日, 28号, 明天, 周三, 下周三, 2026-11-28; None if none is meant.

    A day and month that have passed mean next year, a day of the month next month.
    """
    text = text.strip()
    if text in _DAYS:
        return today + timedelta(days=_DAYS[text])
    if found := re.fullmatch(r"(下)?(?:周|星期|礼拜)([一二三四五六日天])", text):
        weekday = _WEEK.index(found[2].replace("天", "日"))
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=1 if found[1] else 0)
        day = monday + timedelta(days=weekday)
        return day if found[1] or day >= today else day + timedelta(weeks=1)
    found = re.fullmatch(r"(?:(\d{4})[-./年])?(?:(\d{1,2})[-./月])?(\d{1,2})[日号]?", text)
    if found is None or (found[2] is None and not text.endswith(("日", "号"))):
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if month is None:
            wanted = date(today.year, today.month, day)
            return wanted if wanted >= today else date(today.year + today.month // 12, today.month % 12 + 1, day)
        wanted = date(year or today.year, month, day)
        return wanted if year or wanted >= today else date(today.year + 1, month, day)
    except ValueError:
        return None


def result(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Ends the call: 续了, 没续, or 回访 with a day."""
    word, _, when = rest.partition(" ")
    for name in Outcome:
        if word.startswith(name.value) and word != name.value:
            word, when = name.value, word[len(name.value):] + when
    if word not in tuple(Outcome):
        return Message((Line("note", f"没看懂这个结果。{USAGE}"),))
    outcome, day = Outcome(word), None
    if outcome is Outcome.CALLBACK:
        day = parse_day(when, incoming.at.date())
        if day is None or day < incoming.at.date():
            return Message((Line("note", "回访要写一个今天以后的日期，例如：结果 回访 11-28、结果 回访 下周三"),))
    found = desk.store.current_call(incoming.person)
    if found is None:
        return Message((Line("note", "现在没有进行中的电话，结果没处记。先输入客户的话，或用 /new 开始一通。"),))
    desk.store.close_call(found.id, outcome, day, incoming.at)
    if day is not None:
        who = f"（{found.customer}）" if found.customer else ""
        desk.store.notify(incoming.person, "callback", (Line("note", CALL_BACK.format(call=found.id, who=who)),),
                          f"callback:{found.id}:{day}", datetime.combine(day, REMIND_AT))
    tail = f"，{day} 回访" if day else ""
    return Message((Line("note", f"这通电话记为：{outcome.value}{tail}。下一通直接输入客户的话。"),),
                   keys=usual.keys(incoming.person, desk))
