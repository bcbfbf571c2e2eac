"""The call: a heard line becomes a suggestion, is logged, and leaves as a message."""
from __future__ import annotations

import time
from dataclasses import replace

from assistant import asking, coach, places, render
from assistant.desk import Desk
from assistant.domain import Call, Found, Grounding, Incoming, Line, Message, Scene, Suggestion, Told, Turn
from assistant.errors import StoreError
from assistant.handlers import usual
from assistant.redact import mask

MAX_LOGGED = 500  # characters of a heard line that are kept
EMPTY = "没看到客户的话。请输入客户刚说的那句，例如：太贵了"
TOO_LONG = "这段话有 {count} 个字，只看了前 {seen} 个。请只输入客户最要紧的那一句。"
SEEN = 200
STALE_KEY = "这个按钮对应的那句已经找不到了，请重新输入客户的话。"
ENDED_KEY = "这张卡是上一通电话的，不接着往下给了。这一通客户说了什么，直接输入。"
NO_KEY = "现在没有第 {key} 个按键。客户说了什么，直接输入他的话。"
ALL_TOLD = "这张卡的几句都给过了。客户再推，就输入他的话，会给收尾的一句；要结束这通：结果 回访 日期 或 结果 没续。"
NOTHING_YET = "这通电话还没有给过话术，先输入客户说的话。"


def _today(incoming: Incoming, desk: Desk):
    return desk.as_of or incoming.at.date()


def _scene(incoming: Incoming, desk: Desk, call: Call | None) -> Scene:
    """The day, the agent's place and what is known of the customer of this call."""
    day = _today(incoming, desk)
    if call is None:
        return Scene(day)
    slots = desk.store.slots(call.id)
    region, channel = desk.store.profile(incoming.person)
    return Scene(day, places.place(region, slots.energy, channel, desk.corpus.facts.values()), slots)


def _call(incoming: Incoming, desk: Desk) -> Call:
    """The open call, or a new one after a long silence."""
    found = desk.store.current_call(incoming.person)
    if found is None or incoming.at - found.last_at > desk.idle:
        return desk.store.open_call(incoming.person, incoming.at, channel=incoming.channel)
    return found


def _own_turn(incoming: Incoming, desk: Desk, rest: str) -> Turn | None:
    """The turn a button or command is about: the one named, else the newest of the open call; never another person's."""
    number = rest.partition(":")[0]
    if incoming.action:
        found = desk.store.turn(int(number)) if number.isdigit() else None
        return found[0] if found is not None and found[1] == incoming.person else None
    open_call = desk.store.current_call(incoming.person)
    return desk.store.last_turn(open_call.id) if open_call is not None else None


def _edited(incoming: Incoming, desk: Desk) -> Turn | None:
    """The person's turn whose question this line corrects, if it does."""
    found = desk.store.turn(incoming.edits) if incoming.edits else None
    return found[0] if found is not None and found[1] == incoming.person else None


def _missing(incoming: Incoming) -> Message:
    return Message((Line("note", STALE_KEY if incoming.action else NOTHING_YET),))


def _log(call: Call, incoming: Incoming, desk: Desk, heard: str, kind: str, suggestion: Suggestion,
         ms: dict[str, float], number: int = 0) -> int:
    keep = desk.store.replace_turn if number else lambda turn: desk.store.add_turn(call.id, turn)
    return keep(Turn(
        id=number, session_id=call.id, at=incoming.at, heard=mask(heard)[:MAX_LOGGED], told=suggestion.say, asked=suggestion.ask,
        card_id=suggestion.card_id, rung=suggestion.rung, grounding=str(suggestion.grounding), kind=kind,
        facts=suggestion.facts, cards=suggestion.cards, flags=suggestion.flags, ms=ms))


def _reply(incoming: Incoming, desk: Desk, heard: str, kind: str, found: Found, decide, notes: tuple[Line, ...] = ()) -> Message:
    """Decides with what the call has told, logs each told card as a turn, and renders. A broken log still answers.

    A corrected question is answered as if it had been asked so at once: in its call, on its rung, in its turn.
    """
    started = time.perf_counter()
    turn, warning, call, edited = 0, (), None, None
    told: tuple[Told, ...] = ()
    scene = _scene(incoming, desk, None)
    try:
        edited = _edited(incoming, desk)
        call = desk.store.call(edited.session_id) if edited else _call(incoming, desk)
        told, scene = desk.store.told(call.id, edited.id if edited else None), _scene(incoming, desk, call)
    except StoreError as error:
        warning = (Line("warning", str(error)),)
    suggestion = decide(told, scene)
    decided = time.perf_counter()
    lines = render.card(suggestion, desk.corpus, scene.place)
    ms = {"embed": found.embed_ms, "search": found.search_ms, "decide": (decided - started) * 1000,
          "render": (time.perf_counter() - decided) * 1000}
    if call is not None:
        try:
            turn = _log(call, incoming, desk, heard, kind if suggestion.card_id else "gap", suggestion, ms,
                        edited.id if edited else 0)
            for other in suggestion.also:
                _log(call, incoming, desk, heard, "also", other, {})
        except StoreError as error:
            warning = (Line("warning", str(error)),)
    return Message((*lines, *notes, *warning), render.buttons(suggestion, turn, desk.corpus) if turn else (), turn)


def look_up(heard: str, desk: Desk) -> tuple[Found, list[Found]]:
    """What the line and its parts find, with the time of all searches on the whole."""
    whole, parts = asking.look_up(heard[:SEEN], desk.search)
    return replace(whole, embed_ms=whole.embed_ms + sum(part.embed_ms for part in parts),
                   search_ms=whole.search_ms + sum(part.search_ms for part in parts)), parts


def hear(incoming: Incoming, desk: Desk, heard: str) -> Message:
    """Answers what the customer has just said."""
    if not any(char.isalnum() for char in heard):
        return Message((Line("note", EMPTY),))
    if heard.isdigit() and len(heard) <= 2:  # a key that is not there; no customer says just a number
        return Message((Line("note", NO_KEY.format(key=heard)),))
    notes = (Line("note", TOO_LONG.format(count=len(heard), seen=SEEN)),) if len(heard) > SEEN else ()
    heard = mask(heard)[:SEEN] if notes else heard
    whole, parts = look_up(heard, desk)
    return _reply(incoming, desk, heard, "call", whole,
                  lambda told, scene: coach.suggest(whole, parts, desk.corpus, told, scene), notes)


def _tell(incoming: Incoming, desk: Desk, turn: Turn, card_id: str, kind: str) -> Message:
    card = desk.corpus.cards.get(card_id)
    if card is None:
        return _missing(incoming)
    return _reply(incoming, desk, turn.heard, kind, Found((), 1.0, Grounding.STRONG), lambda told, scene: replace(
        coach.tell(card, desk.corpus, told, Grounding.STRONG, scene), cards=(card_id,)))


def _another(incoming: Incoming, desk: Desk, turn: Turn | None, card_id: str, kind: str) -> Message:
    """Tells a card of this call; a key under a card of an earlier call is refused, for its ladder has ended."""
    if turn is None:
        return _missing(incoming)
    call = desk.store.current_call(incoming.person)
    if incoming.action and (call is None or call.id != turn.session_id or incoming.at - call.last_at > desk.idle):
        return Message((Line("note", ENDED_KEY),))
    if kind == "again" and _all_told(turn, desk):  # leafing through is no refusal, so no leave is taken
        desk.store.add_turn(turn.session_id, Turn(0, turn.session_id, incoming.at, turn.heard, ALL_TOLD, "", "", 0,
                                                  str(Grounding.NONE), kind))
        return Message((Line("note", ALL_TOLD),))
    return _tell(incoming, desk, turn, card_id, kind)


def _all_told(turn: Turn, desk: Desk) -> bool:
    """Whether this call has been told every rung of the turn's card."""
    card = desk.corpus.cards.get(turn.card_id)
    told = {line.rung for line in desk.store.told(turn.session_id) if line.card_id == turn.card_id}
    return card is not None and told >= set(range(1, len(card.say) + 1))


def again(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The next rung of the card last told."""
    turn = _own_turn(incoming, desk, rest)
    return _another(incoming, desk, turn, turn.card_id if turn is not None else "", "again")


def pick(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Another card for the same heard line, chosen by the agent."""
    turn = _own_turn(incoming, desk, rest)
    return _another(incoming, desk, turn, rest.partition(":")[2], "pick")


def why(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The points, the never-say lines and the dated facts behind the card last told."""
    turn = _own_turn(incoming, desk, rest)
    if turn is None:
        return _missing(incoming)
    scene = _scene(incoming, desk, desk.store.current_call(incoming.person))
    return Message(render.why(turn, desk.corpus, scene.day, scene.place), turn=turn.id, unfold=bool(incoming.action))


def copy(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The line alone, as plain text."""
    turn = _own_turn(incoming, desk, rest)
    return Message((Line("copy", turn.told or turn.asked),), turn=turn.id) if turn is not None else _missing(incoming)


def new(incoming: Incoming, desk: Desk, customer: str) -> Message:
    """Starts a new call, with the customer's code where one is given."""
    call = desk.store.open_call(incoming.person, incoming.at, mask(customer)[:40], incoming.channel)
    return Message((Line("note", f"新的一通电话{'：' + call.customer if call.customer else ''}。客户说什么，直接输入。"),),
                   keys=usual.keys(incoming.person, desk))
