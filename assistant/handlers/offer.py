"""Lines to drop into any chat while typing (Telegram's inline mode): the best cards' first lines; nothing is logged."""
from __future__ import annotations

from assistant import asking, coach, render
from assistant.desk import Desk
from assistant.domain import Grounding, Incoming, Line, Suggestion
from assistant.handlers import call

MOST, LIKELY = 5, 0.03  # lines; share of the search below which a card is not worth a look


def offer(incoming: Incoming, desk: Desk) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """(title, lines) of up to five sayable lines for what is typed so far, best first; none for a stranger."""
    if desk.store.role(incoming.person) is None:
        return ()
    scene = call._scene(incoming, desk, desk.store.current_call(incoming.person))
    whole, parts = asking.look_up(incoming.text[:200], desk.search)
    first = coach.suggest(whole, parts, desk.corpus, (), scene)
    if not first.say:
        return ()
    likely = [hit.card_id for hit in whole.hits if hit.score >= LIKELY and hit.card_id != first.card_id]
    others = [coach.tell(desk.corpus.cards[card], desk.corpus, (), Grounding.STRONG, scene) for card in likely]
    return tuple((one.title, _lines(one, desk)) for one in (first, *others) if one.say)[:MOST]


def _lines(suggestion: Suggestion, desk: Desk) -> tuple[Line, ...]:
    return tuple(line for line in render.card(suggestion, desk.corpus) if line.role == "say")
