"""Calls and their turns: what was heard, told and made of it."""
from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from datetime import date, datetime

from assistant.domain import Call, Outcome, Told, Turn
from assistant.redact import mask
from assistant.store.base import Base, guarded

STEPS = ("embed", "search", "decide", "render", "send")


def _grams(text: str) -> str:
    """Character bigrams by spaces: the tokens by which full-text search finds two-character Chinese words."""
    runs = re.findall(r"[^\W_]+", text.lower())
    return " ".join(a + b for run in runs for a, b in itertools.pairwise(run))


def _phrase(wanted: str) -> str:
    return " AND ".join(f'"{grams}"' for run in re.findall(r"[^\W_]+", wanted.lower()) if (grams := _grams(run)))


class Calls(Base):
    """Sessions, turns and what hangs on them. Returns domain values, never rows."""

    @guarded
    def open_call(self, person: str, at: datetime, customer: str = "", channel: str = "terminal") -> Call:
        """Ends the person's open call, if any, and starts a new one."""
        with self._db.atomic():
            self._db.execute("update sessions set ended_at = ? where person = ? and ended_at is null", [at.isoformat(), person])
            key = self._db["sessions"].insert(
                {"person": person, "customer": mask(customer), "channel": channel, "started_at": at.isoformat(),
                 "last_at": at.isoformat(), "ended_at": None, "outcome": "", "callback_on": ""}).last_pk
        return Call(int(key), person, mask(customer), at, at)

    @guarded
    def current_call(self, person: str) -> Call | None:
        """The person's open call, or None."""
        row = next(self._db.query(
            "select * from sessions where person = ? and ended_at is null order by id desc limit 1", [person]), None)
        return _call(row) if row else None

    @guarded
    def last_call(self, person: str) -> Call | None:
        """The person's most recent call, open or ended."""
        row = next(self._db.query("select * from sessions where person = ? order by id desc limit 1", [person]), None)
        return _call(row) if row else None

    @guarded
    def call(self, call: int) -> Call:
        """The call of that number."""
        return _call(self._db["sessions"].get(call))

    @guarded
    def close_call(self, call: int, outcome: Outcome, callback_on: date | None, at: datetime) -> None:
        """Ends a call with its outcome."""
        self._db["sessions"].update(call, {"outcome": outcome.value, "ended_at": at.isoformat(),
                                           "callback_on": callback_on.isoformat() if callback_on else ""})

    # turns

    @guarded
    def add_turn(self, call: int, turn: Turn) -> int:
        """Logs a turn with its citations and, where it declined, a gap; returns its number. All or nothing."""
        with self._db.atomic():
            key = int(self._db["turns"].insert({"session": call, **_columns(turn)}).last_pk)
            self._hang(key, turn)
            self._db.execute("update sessions set last_at = ? where id = ?", [turn.at.isoformat(), call])
        return key

    @guarded
    def replace_turn(self, turn: Turn) -> int:
        """Puts another heard line and its answer in the place of a turn (its `id`), with all that hung on it: the agent
        has corrected the question. Lines told along with the old answer go. All or nothing."""
        with self._db.atomic():
            first = self._db.execute("select session from turns where id = ?", [turn.id]).fetchone()[0]
            following = self._db.query("select id, kind from turns where session = ? and id > ? order by id", [first, turn.id])
            also = [row["id"] for row in itertools.takewhile(lambda row: row["kind"] == "also", following)]
            for key in (turn.id, *also):
                for table in ("citations", "feedback", "gaps"):
                    self._db.execute(f"delete from {table} where turn = ?", [key])
                self._db.execute("delete from turns_search where rowid = ?", [key])
            self._db["turns"].delete_where("id in (select value from json_each(?))", [json.dumps(also)])
            self._db["turns"].update(turn.id, {name: value for name, value in _columns(turn).items() if name != "at"})
            self._hang(turn.id, turn)
        return turn.id

    def _hang(self, key: int, turn: Turn) -> None:
        heard, told = mask(turn.heard), mask(turn.told)
        self._db["citations"].insert_all(({"turn": key, "fact": fact} for fact in turn.facts), ignore=True)
        if "gap" in turn.flags:
            self._db["gaps"].insert({"turn": key, "heard": heard, "at": turn.at.isoformat(), "status": "open"})
        self._db.execute("insert into turns_search (rowid, grams) values (?, ?)", [key, _grams(f"{heard} {told}")])

    @guarded
    def time_turn(self, turn: int, ms: Mapping[str, float]) -> None:
        """Adds the times that are known only after the answer has left."""
        self._db["turns"].update(turn, {f"ms_{step}": value for step, value in ms.items() if step in STEPS})

    @guarded
    def told(self, call: int, before: int | None = None) -> tuple[Told, ...]:
        """What this call has been told so far (or before a turn of it), oldest first: what the ladder needs."""
        return tuple(Told(row["card"], row["rung"]) for row in self._db.query(
            "select card, rung from turns where session = ? and card != '' and id < coalesce(?, id + 1) order by id",
            [call, before]))

    @guarded
    def turn(self, turn: int) -> tuple[Turn, str] | None:
        """A turn and the person whose it is, or None."""
        row = next(self._db.query(_TURNS + " where t.id = ?", [turn]), None)
        return (_turn(row), row["person"]) if row else None

    @guarded
    def last_turn(self, call: int) -> Turn | None:
        """The newest turn of a call that told a card, the first one where it told two; or None."""
        row = next(self._db.query(_TURNS + " where t.session = ? and t.card != '' and t.kind != 'also' "
                                  "order by t.id desc limit 1", [call]), None)
        return _turn(row) if row else None

    @guarded
    def rate(self, turn: int, person: str, value: str, at: datetime) -> None:
        """Keeps a person's thumb on a turn; a second thumb replaces the first."""
        self._db["feedback"].upsert({"turn": turn, "person": person, "value": value, "at": at.isoformat()},
                                    pk=("turn", "person"))

    @guarded
    def heard_lately(self, person: str, count: int = 100) -> tuple[str, ...]:
        """The last lines this person typed, masked, oldest first."""
        rows = self._db.query("select t.heard from turns t join sessions s on s.id = t.session where s.person = ? "
                              "and t.kind in ('call', 'gap') order by t.id desc limit ?", [person, count])
        return tuple(row["heard"] for row in rows)[::-1]

    # reading the log

    @guarded
    def turns(self, search: str = "", since: date | None = None, call: int | None = None,
              limit: int | None = None) -> tuple[tuple[Call, Turn], ...]:
        """Logged turns with their calls, newest first; `search` finds words in what was heard or told."""
        where, values = ["1"], []
        if search.strip():
            if phrase := _phrase(search):
                where.append("t.id in (select rowid from turns_search where turns_search match ?)")
                values.append(phrase)
            else:
                where.append("(instr(t.heard, ?) or instr(t.told, ?))")
                values += [search.strip()] * 2
        if since is not None:
            where.append("t.at >= ?")
            values.append(since.isoformat())
        if call is not None:
            where.append("t.session = ?")
            values.append(call)
        rows = self._db.query(_TURNS + f" where {' and '.join(where)} order by t.id desc limit ?",
                              [*values, -1 if limit is None else limit])
        return tuple((_call({**row, "id": row["session"]}), _turn(row)) for row in rows)

    @guarded
    def gaps(self, status: str = "open") -> tuple[tuple[int, datetime, str], ...]:
        """Lines that nothing fitted: turn, time, what was heard; newest first."""
        return tuple((row["turn"], datetime.fromisoformat(row["at"]), row["heard"]) for row in self._db.query(
            "select * from gaps where status = ? order by turn desc", [status]))


_TURNS = ("select t.*, s.person, s.customer, s.started_at, s.last_at, s.outcome, s.callback_on, "
          "(select group_concat(fact, ' ') from citations where turn = t.id) as facts, "
          "(select value from feedback where turn = t.id order by at desc limit 1) as thumb "
          "from turns t join sessions s on s.id = t.session")


def _columns(turn: Turn) -> dict:
    return {"at": turn.at.isoformat(), "kind": turn.kind, "heard": mask(turn.heard), "told": mask(turn.told), "asked": mask(turn.asked),
            "card": turn.card_id, "rung": turn.rung, "cards": json.dumps(turn.cards), "flags": json.dumps(turn.flags),
            "grounding": turn.grounding, **{f"ms_{step}": turn.ms.get(step) for step in STEPS}}


def _call(row: Mapping) -> Call:
    return Call(row["id"], row["person"], row["customer"], datetime.fromisoformat(row["started_at"]),
                datetime.fromisoformat(row["last_at"]), row["outcome"], row["callback_on"])


def _turn(row: Mapping) -> Turn:
    return Turn(
        id=row["id"], session_id=row["session"], at=datetime.fromisoformat(row["at"]), heard=row["heard"], told=row["told"],
        asked=row["asked"], card_id=row["card"], rung=row["rung"], grounding=row["grounding"], kind=row["kind"],
        facts=tuple((row["facts"] or "").split()), cards=tuple(json.loads(row["cards"])),
        flags=tuple(json.loads(row["flags"])), feedback=row["thumb"] or "",
        ms={step: row[f"ms_{step}"] for step in STEPS if row[f"ms_{step}"] is not None},
    )
