"""One update in, its answer queued: a single transaction, so that a stop in between repeats all of it or nothing.

What an agent is reading changes only when they ask for it (为什么 unfolds, a corrected question is answered in its place),
and edits that still wait are merged: at most one later edit is on its way to a message.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.desk import Desk
from assistant.domain import Line, Message, Outgoing, Role
from assistant.handlers import answer, menu, notices
from assistant.handlers.telegram.arriving import Arrived
from assistant.handlers.telegram.leaving import MAX_TOAST, split, width
from assistant.redact import mask

CRASHED = "这一句没处理成，已经记下。请再发一次；还不行就把编号 {reference} 告诉管理员。"


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left to do after the transaction: a toast for a pressed key, lines that may not be stored (by row of the
    outbox), and a role whose command menu the chat does not show yet."""

    toast: str = ""
    links: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)
    chats: tuple[int, ...] = ()
    menu: tuple[Role | None] | None = None


def settle(arrived: Arrived, desk: Desk) -> Settled:
    """Answers the update, logs its turn, queues what is to be sent and marks it done. A second time it does nothing."""
    store = desk.store
    with store.together():
        if not store.finish(arrived.update, arrived.at):
            return Settled()
        if arrived.kind == "left":
            store.unreachable(arrived.chat, arrived.person, arrived.at)
            return Settled()
        store.reachable(arrived.chat)
        if arrived.kind == "back":
            return Settled()
        card = _card(arrived, desk)
        if arrived.kind == "edit" and card is not None and _unchanged(arrived, card, desk):
            return Settled()
        edits = card.turn if arrived.kind == "edit" and card is not None else 0
        return _post(arrived, answer(arrived.incoming(edits), desk), card, desk)


def apologise(arrived: Arrived, desk: Desk, sentence: str) -> Settled:
    """Marks an update done that could not be answered, and says why, or under which number the journal holds the reason."""
    with desk.store.together():
        if not desk.store.finish(arrived.update, arrived.at):
            return Settled()
        return _post(arrived, Message((Line("note", sentence),)), None, desk)


def remind(desk: Desk, now: datetime) -> tuple[int, ...]:
    """Queues the notices that are due for people on Telegram; the chats to wake. Whoever blocked the bot is told later."""
    gone = desk.store.unreachable_chats()
    chats = []
    for notice in desk.store.unsent(now):
        if notice.person.isdigit() and int(notice.person) not in gone and desk.store.role(notice.person) is not None:
            with desk.store.together():
                desk.store.mark_sent(notice.id, now)
                _send(int(notice.person), notice.person, notices.show(notice), now, desk, notice=notice.id)
            chats.append(int(notice.person))
    return tuple(dict.fromkeys(chats))


def _card(arrived: Arrived, desk: Desk) -> Outgoing | None:
    """The message whose key was pressed, or the answer to the question that was edited."""
    if arrived.kind == "press":
        return desk.store.delivered(arrived.chat, arrived.message)
    return desk.store.answer_to(arrived.chat, arrived.message) if arrived.kind == "edit" else None


def _unchanged(arrived: Arrived, card: Outgoing, desk: Desk) -> bool:
    """Telegram also reports edits that change no word."""
    found = desk.store.turn(card.turn)
    return found is not None and found[0].heard == mask(arrived.text.strip())


def _post(arrived: Arrived, message: Message, card: Outgoing | None, desk: Desk) -> Settled:
    """Puts the answer where it belongs: into a toast, into the message it is about, or at the end of the chat."""
    if arrived.kind == "press" and _is_toast(message):
        if card is not None and arrived.action.startswith("read:"):
            desk.store.queue(arrived.chat, arrived.person, card.lines, arrived.at, target=card.id)
        return Settled(message.lines[0].text, chats=(arrived.chat,), menu=_menu(arrived, desk))
    if card is not None and message.unfold:
        links = _unfold(arrived, message, card, desk)
    elif card is not None and arrived.kind == "edit" and message.turn == card.turn:
        links = _again(arrived, message, card, desk)
    else:
        links = _send(arrived.chat, arrived.person, _with_keys(arrived, message, desk), arrived.at, desk,
                      question=arrived.message if arrived.kind != "press" else 0, reply=arrived.group)
    return Settled(links=links, chats=(arrived.chat,), menu=_menu(arrived, desk))


def _is_card(lines: Sequence[Line]) -> bool:
    """Whether they answer a heard line, so that a corrected question changes them; reasons and copies do not."""
    return any(line.role in ("say", "ask") for line in lines)


def _is_toast(message: Message) -> bool:
    return (len(message.lines) == 1 and message.lines[0].role == "note" and not message.buttons
            and width(message.lines[0].text) <= MAX_TOAST)


def _unfold(arrived: Arrived, message: Message, card: Outgoing, desk: Desk) -> dict[int, tuple[Line, ...]]:
    """The reasons under the card, in the same message; the key that asked for them goes."""
    first, *rest = split((*card.lines, Line("note", ""), *message.lines))
    buttons = [button for button in card.buttons if button.action != arrived.action]
    desk.store.queue(arrived.chat, arrived.person, first, arrived.at, buttons=buttons, target=card.id)
    return _send_parts(arrived.chat, arrived.person, rest, Message(()), arrived.at, desk)


def _again(arrived: Arrived, message: Message, card: Outgoing, desk: Desk) -> dict[int, tuple[Line, ...]]:
    """The answer to the corrected question, in the place of the old answer."""
    first, *rest = split(message.lines)
    if not desk.store.reword(card.id, first, message.buttons):
        desk.store.queue(arrived.chat, arrived.person, first, arrived.at, buttons=message.buttons, target=card.id)
    return _send_parts(arrived.chat, arrived.person, rest, Message(()), arrived.at, desk)


def _send(chat: int, person: str, message: Message, at: datetime, desk: Desk, question: int = 0,
          reply: bool = False, notice: int = 0) -> dict[int, tuple[Line, ...]]:
    return _send_parts(chat, person, split(message.lines), message, at, desk, question, reply, notice)


def _send_parts(chat: int, person: str, parts: Sequence[tuple[Line, ...]], message: Message, at: datetime, desk: Desk,
                question: int = 0, reply: bool = False, notice: int = 0) -> dict[int, tuple[Line, ...]]:
    """Queues the parts in order, the keys under the last; what may not be stored comes back by row."""
    links = {}
    for i, lines in enumerate(parts, 1):
        last = i == len(parts)
        row = desk.store.queue(chat, person, lines, at, buttons=message.buttons if last else (),
                               keys=message.keys if last else (), turn=message.turn if i == 1 and _is_card(lines) else 0,
                               question=question, reply=reply, notice=notice)
        if any(line.role == "link" for line in lines):
            links[row] = lines
    return links


def _with_keys(arrived: Arrived, message: Message, desk: Desk) -> Message:
    """The message with its one-tap keys only where the chat does not show these already: a message that carries them can
    never be edited, and a keyboard that jumps is in the way."""
    keys = "\n".join(message.keys)
    if arrived.group or message.buttons or not keys or desk.store.shown(arrived.chat, "keys") == keys:
        return Message(message.lines, message.buttons, message.turn)
    desk.store.show(arrived.chat, "keys", keys)
    return message


def _menu(arrived: Arrived, desk: Desk) -> tuple[Role | None] | None:
    """The role whose menu the chat is to show, in a tuple, unless it does."""
    role = desk.store.role(arrived.person)
    return None if arrived.group or desk.store.shown(arrived.chat, "menu") == menu_mark(role) else (role,)


def menu_mark(role: Role | None) -> str:
    """Names a role's menu as it is now; another release may list other commands."""
    return f"{role.value if role else 'stranger'} {' '.join(name for name, _ in menu(role))}"
