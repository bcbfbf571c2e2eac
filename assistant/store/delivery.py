"""What Telegram brought until it is answered, and what it is to be sent until it has arrived: nothing is kept elsewhere.

An update is written to the inbox before Telegram hears that we have it. Its answer, the logged turn and the mark in the
inbox are one transaction, so after a stop an update is answered from the start or not at all. A message goes from queued
to sending (written before the network sees it) to sent. Texts are masked; rows are kept for the keys under old cards and
for edited questions, and pruned by age.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from assistant.domain import Button, Line, Outgoing
from assistant.redact import mask
from assistant.store.base import Base, guarded

_SUPERGROUP = -10**12  # chats below it number their messages themselves; all others share one counter of the bot
_WAITING = "state in ('queued', 'sending')"


class Delivery(Base):
    """The inbox and the outbox of the bot."""

    # arriving

    @guarded
    def accept(self, update: int, chat: int, person: str, message: int, body: Mapping, at: datetime) -> bool:
        """Keeps an update until it is finished; False where it is known already. The caller has masked the body."""
        return self._db.execute(
            "insert or ignore into inbox (id, chat, person, message, body, at) values (?, ?, ?, ?, ?, ?)",
            [update, chat, person, message, json.dumps(body, ensure_ascii=False), at.isoformat()]).rowcount > 0

    @guarded
    def unfinished(self) -> tuple[Mapping, ...]:
        """The bodies of the updates that wait for their answer, in the order in which they came."""
        return tuple(json.loads(row["body"]) for row in self._db.query(
            "select body from inbox where done_at is null order by id"))

    @guarded
    def finish(self, update: int, at: datetime) -> bool:
        """Marks an update as answered and forgets its text; False where it was before. Inside `together` it comes first:
        it takes the write lock, so that what follows is not refused half-way."""
        return self._db.execute("update inbox set done_at = ?, body = '' where id = ? and done_at is null",
                                [at.isoformat(), update]).rowcount > 0

    # leaving

    @guarded
    def queue(self, chat: int, person: str, lines: Sequence[Line], at: datetime, *, buttons: Sequence[Button] = (),
              keys: Sequence[str] = (), turn: int = 0, question: int = 0, reply: bool = False, target: int = 0,
              notice: int = 0) -> int:
        """Puts a message (or, with `target`, an edit of that one) at the end of its chat's line; returns its number.

        An edit that still waits for the same message is replaced. A `link` line is stored empty. `notice` is the notice
        that it tells: it counts as sent from here on, unless the message is dropped.
        """
        if target:
            self._db.execute("delete from outbox where target = ? and state = 'queued'", [target])
        return int(self._db["outbox"].insert({
            "chat": chat, "person": person, "kind": "edit" if target else "send", "state": "queued",
            "body": _body(lines, buttons, keys), "turn": turn, "question": question, "reply": int(reply), "target": target,
            "notice": notice, "message": 0, "floor": 0, "at": at.isoformat(), "sent_at": None}).last_pk)

    @guarded
    def reword(self, row: int, lines: Sequence[Line], buttons: Sequence[Button]) -> bool:
        """Changes what a message says; True where it has not been handed to the network yet, so that no edit is needed."""
        self._db.execute("update outbox set body = ? where id = ?", [_body(lines, buttons, ()), row])
        return self._db.execute("select state from outbox where id = ?", [row]).fetchone()[0] == "queued"

    @guarded
    def claim(self, chat: int, floor: int) -> Outgoing | None:
        """The next message of a chat, marked as handed to the network; None where nothing waits. One that was marked
        before and never finished comes back first, as unsure and with its first floor."""
        row = next(self._db.query(_ROWS + f" where o.chat = ? and o.{_WAITING} order by o.id limit 1", [chat]), None)
        if row is None:
            return None
        if row["state"] == "queued":
            self._db.execute("update outbox set state = 'sending', floor = ? where id = ?", [floor, row["id"]])
            row["floor"] = floor
        return _outgoing(row)

    @guarded
    def sent(self, row: int, message: int, at: datetime, turn: int = 0, ms: float | None = None) -> None:
        """The message has arrived, under this number."""
        with self._db.atomic():
            self._db.execute("update outbox set state = 'sent', message = ?, sent_at = ? where id = ?",
                             [message, at.isoformat(), row])
            if turn and ms is not None:
                self._db.execute("update turns set ms_send = ? where id = ?", [ms, turn])

    @guarded
    def give_up(self, row: int, why: str, at: datetime) -> None:
        """The message cannot be delivered as it is; the audit says why."""
        with self._db.atomic():
            found = self._db.execute("update outbox set state = 'failed' where id = ? returning person", [row]).fetchone()
            self.audit(found[0] or "", "undelivered", f"outbox {row}: {why}", at)

    @guarded
    def unreachable(self, chat: int, person: str, at: datetime) -> None:
        """The person has blocked the bot: what waits for them is dropped, with an entry in the audit. Notices among it are
        told again when they come back."""
        with self._db.atomic():
            self._db.execute(f"update notices set sent_at = null where id in (select notice from outbox where chat = ? "
                             f"and {_WAITING})", [chat])
            dropped = self._db.execute(f"update outbox set state = 'dropped' where chat = ? and {_WAITING}", [chat]).rowcount
            self._db["chats"].upsert({"id": chat, "unreachable_at": at.isoformat()}, pk="id")
            self.audit(person, "unreachable", f"{dropped} messages dropped", at)

    @guarded
    def reachable(self, chat: int) -> None:
        """They wrote again."""
        self._db.execute("update chats set unreachable_at = null where id = ? and unreachable_at is not null", [chat])

    @guarded
    def unreachable_chats(self) -> frozenset[int]:
        return frozenset(row["id"] for row in self._db.query("select id from chats where unreachable_at is not null"))

    @guarded
    def moved(self, chat: int, new: int) -> None:
        """A group has become a supergroup: what waits follows it."""
        self._db.execute(f"update outbox set chat = ? where chat = ? and {_WAITING}", [new, chat])

    @guarded
    def waiting_chats(self) -> tuple[int, ...]:
        """Chats for which something waits, the longest wait first."""
        return tuple(row["chat"] for row in self._db.query(
            f"select chat from outbox where {_WAITING} group by chat order by min(id)"))

    # what was delivered

    @guarded
    def delivered(self, chat: int, message: int) -> Outgoing | None:
        """The message of that number in a chat, as it stands there, or None."""
        return self._one("o.chat = ? and o.message = ? and o.kind = 'send'", [chat, message])

    @guarded
    def answer_to(self, chat: int, question: int) -> Outgoing | None:
        """The card given to a question, delivered or still on its way, or None."""
        return self._one("o.chat = ? and o.question = ? and o.turn > 0 and o.kind = 'send' "
                         "and o.state in ('queued', 'sending', 'sent')", [chat, question])

    @guarded
    def highest(self, chat: int) -> int:
        """The highest message number known of the counter that numbers this chat's messages."""
        scope, values = _scope(chat)
        return max(self._db.execute(f"select coalesce(max(message), 0) from {table} where {scope}", values).fetchone()[0]
                   for table in ("inbox", "outbox"))

    @guarded
    def known_numbers(self, chat: int, low: int, high: int) -> frozenset[int]:
        """Message numbers of that counter, between low and high, of which we know what they are."""
        scope, values = _scope(chat)
        return frozenset(row[0] for table in ("inbox", "outbox") for row in self._db.execute(
            f"select message from {table} where message between ? and ? and {scope}", [low, high, *values]))

    @guarded
    def under_way(self) -> int:
        """How many messages were handed to the network and have no number yet."""
        return self._db.execute("select count(*) from outbox where state = 'sending'").fetchone()[0]

    @guarded
    def shown(self, chat: int, what: str) -> str:
        """What a chat was last given as its `menu` or its `keys`."""
        row = self._db.execute(f"select {_column(what)} from chats where id = ?", [chat]).fetchone()
        return row[0] or "" if row else ""

    @guarded
    def show(self, chat: int, what: str, value: str) -> None:
        self._db["chats"].upsert({"id": chat, _column(what): value}, pk="id")

    @guarded
    def prune(self, updates: datetime, messages: datetime) -> None:
        """Deletes answered updates and delivered messages from before those days. Updates go early: after a quiet week
        Telegram starts their numbers anew."""
        with self._db.atomic():
            self._db.execute("delete from inbox where done_at < ?", [updates.isoformat()])
            self._db.execute(f"delete from outbox where at < ? and not {_WAITING}", [messages.isoformat()])

    def _one(self, where: str, values: Iterable) -> Outgoing | None:
        row = next(self._db.query(_ROWS + f" where {where} order by o.id limit 1", list(values)), None)
        return _outgoing(row) if row else None


_ROWS = ("select o.*, t.message as target_message from outbox o left join outbox t on t.id = o.target")


def _scope(chat: int) -> tuple[str, list[int]]:
    return ("chat = ?", [chat]) if chat < _SUPERGROUP else ("chat > ?", [_SUPERGROUP])


def _column(what: str) -> str:
    if what not in ("menu", "keys"):
        raise ValueError(f"a chat is shown a menu or keys, not {what}")
    return what


def _kept(line: Line) -> str:
    """Only notes can repeat what somebody typed; the other lines are the corpus's own words."""
    return "" if line.role == "link" else mask(line.text) if line.role in ("note", "warning") else line.text


def _body(lines: Sequence[Line], buttons: Sequence[Button], keys: Sequence[str]) -> str:
    return json.dumps({
        "lines": [[line.role, _kept(line)] for line in lines],
        "buttons": [[button.label, button.action, button.copy] for button in buttons], "keys": list(keys),
    }, ensure_ascii=False)


def _outgoing(row: Mapping) -> Outgoing:
    body = json.loads(row["body"])
    return Outgoing(
        id=row["id"], chat=row["chat"], kind=row["kind"], lines=tuple(Line(*line) for line in body["lines"]),
        buttons=tuple(Button(*button) for button in body["buttons"]), keys=tuple(body["keys"]), turn=row["turn"],
        question=row["question"], reply=bool(row["reply"]), target=row["target"],
        target_message=row["target_message"] or 0, message=row["message"], floor=row["floor"],
        unsure=row["state"] == "sending")
