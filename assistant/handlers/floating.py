"""浮动: explains to the agent, never to the customer, why 交强险 changed."""
from __future__ import annotations

from dataclasses import replace

from assistant import floating
from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message


def lines(text: str, region: str, facts, today) -> tuple[Line, ...]:
    """The explanation as lines; `region` stands in where the text names none."""
    history, unknown = floating.parse(text, facts)
    if unknown:
        return (Line("note", f"没看懂：{'、'.join(unknown)}。{floating.USAGE}"),)
    history = replace(history, region=history.region or region)
    asked = floating.missing(history)
    if asked:
        return (Line("note", asked),)
    found = floating.explain(history, facts, today)
    head = f"交强险浮动比率：{found.ratio}" if found.ratio else "交强险浮动比率：说不准"
    return (Line("note", head), *(Line("fact" if step.fact else "note", step.text) for step in found.steps))


def float_(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The statutory ratio step by step; asks for what is missing, takes the region from the profile."""
    region, _ = desk.store.profile(incoming.person)
    return Message(lines(rest, region, desk.corpus.facts, desk.as_of or incoming.at.date()))
