"""The objections this agent meets most, as keys: one tap says one."""
from __future__ import annotations

from assistant.desk import Desk

COUNT = 6
# For an agent whose log is still short: what most calls bring.
FIRST = ("price_too_high", "cheaper_elsewhere", "think_again", "not_due_yet", "busy_now", "ask_family")


def keys(person: str, desk: Desk) -> tuple[str, ...]:
    """The titles of up to six objections, the most frequent first; a title is a phrasing of its card, so the search
    knows it."""
    objections = [card.id for card in desk.corpus.cards.values() if card.kind == "objection"]
    wanted = dict.fromkeys([*desk.store.cards_met(person, COUNT * 2), *FIRST, *objections])
    known = [card for card in wanted if card in desk.corpus.cards and desk.corpus.cards[card].kind == "objection"]
    return tuple(desk.corpus.cards[card].title for card in known[:COUNT])
