"""Forgetting: rows that are gone from the tables, from the full-text index, from the WAL and from the file itself."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assistant.domain import Scope
from assistant.errors import StoreError
from assistant.store.base import BUSY_MS, Base, guarded

NOBODY = "（已删除）"
KEEPER = "keep_days"
BUSY = ("日志 {path} 正被别的程序读着（多半是机器人或另一个聊天窗口），旧内容没法从磁盘上抹掉，所以什么都没删。"
        "请先停掉它，再运行一次。")
HALF = ("记录已经删掉了，可日志 {path} 刚好又被别的程序读着，磁盘上的旧字节还没抹掉。请停掉它，把同样的命令再运行一次。")


@dataclass(frozen=True, slots=True)
class Owned:
    """A column by which rows belong to a turn, a session (a call), a person, or a notice about one of these.

    `blank`: the row stays, without the name.
    """

    table: str
    column: str
    owner: str
    blank: bool = False


# Every such column of every table, children before their parents. A migration that adds one adds a line here: a test
# compares this list with the tables. A table that a log does not have yet is passed over.
OWNED = (
    Owned("inbox", "person", "person"),
    Owned("outbox", "turn", "turn"),
    Owned("outbox", "person", "person"),
    Owned("slots", "session", "session"),
    Owned("checks", "session", "session"),
    Owned("checks", "person", "person"),
    Owned("card_edits", "author", "person", blank=True),
    Owned("citations", "turn", "turn"),
    Owned("gaps", "turn", "turn"),
    Owned("feedback", "turn", "turn"),
    Owned("feedback", "person", "person"),
    Owned("turns_search", "rowid", "turn"),
    Owned("turns", "session", "session"),
    Owned("turns", "id", "turn"),
    Owned("notices", "person", "person"),
    Owned("notices", "id", "notice"),
    Owned("sessions", "person", "person"),
    Owned("sessions", "id", "session"),
    Owned("chats", "id", "person"),
    Owned("invites", "made_by", "person"),
    Owned("invites", "used_by", "person"),
    Owned("people", "id", "person"),
    Owned("audit", "person", "person", blank=True),
)
# Rows that grow old by themselves, and the column that says when.
AGEING = {"notices": "due_at", "checks": "at", "inbox": "at", "outbox": "at"}
WHO = ("people", "chats", "invites")  # what makes a person known, apart from what they did
FULL_TEXT = ("turns_search",)
# Texts written for one person that may name another, or a customer: JSON in which names are struck out.
MENTIONS = {"notices": "lines", "outbox": "body"}


def _where(owned: Owned, scope: Scope) -> tuple[str, list[str]]:
    if owned.owner == "person":
        return f"{owned.column} = ?", [scope.person]
    return f"{owned.column} in (select id from temp.doomed_{owned.owner}s)", []


def _conditions(table: str, scope: Scope) -> tuple[str, list[str]]:
    """Which rows of a table go; `0` for none."""
    found = [_where(owned, scope) for owned in OWNED if owned.table == table and not owned.blank
             and (owned.owner != "person" or scope.person)
             and not (owned.table in WHO and scope.keep_person)]
    if scope.before is not None and table in AGEING:
        found.append((f"{AGEING[table]} < ?", [scope.before.isoformat()]))
    return " or ".join(sql for sql, _ in found) or "0", [value for _, values in found for value in values]


def _word(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def _mentions(person: str, text: str) -> bool:
    return re.search(_word(person), text or "") is not None


def _struck(value, names: re.Pattern[str]):
    """JSON with the names in its texts struck out."""
    if isinstance(value, str):
        return names.sub(NOBODY, value)
    if isinstance(value, list):
        return [_struck(one, names) for one in value]
    return {key: _struck(one, names) for key, one in value.items()} if isinstance(value, dict) else value


class Forget(Base):
    """Removes what a scope covers. Either all of it goes or nothing does; the audit says that it happened."""

    patience_ms = 5000  # how long other programs are waited for: nobody is on the phone while this runs

    @guarded
    def forgettable(self, scope: Scope) -> Mapping[str, int]:
        """How many rows of which table would go; tables without any are left out."""
        with self._doomed(scope):
            return self._count(scope)

    @guarded
    def forget(self, scope: Scope, by: str, at: datetime) -> Mapping[str, int]:
        """Removes the scope's rows and their traces on disk; returns how many of which table.

        Raises StoreError, with nothing removed, while another process holds the log so that traces would stay.
        """
        with self._patient():
            self._settle(BUSY)
            with self._doomed(scope), self._db.atomic():
                counts = self._count(scope)
                self._strike_out(scope)
                for table in self._tables():
                    where, values = _conditions(table, scope)
                    self._db.execute(f"delete from {table} where {where}", values)
                for table in FULL_TEXT:  # a deleted row leaves its words in the index until it is built anew
                    self._db.execute(f"insert into {table} ({table}) values ('rebuild')")
                self._blank(scope)
                told = "，".join(f"{table} {count}" for table, count in counts.items()) or "0"
                self._db["audit"].insert({"at": at.isoformat(), "person": NOBODY if by == scope.person else by, "what": "forget",
                                          "detail": f"{scope.told()}：{told}"})
            self._sweep()
        return counts

    @guarded
    def sweep(self) -> None:
        """Wipes what rows removed earlier have left in the file."""
        with self._patient():
            self._settle(HALF)
            self._sweep()

    def expire(self, keep_days: int, now: datetime) -> Mapping[str, int]:
        """Forgets what is older than so many days; 0 keeps everything. Nothing to forget costs one look."""
        scope = Scope(before=now.date() - timedelta(days=keep_days))
        return self.forget(scope, KEEPER, now) if keep_days and self.forgettable(scope) else {}

    @guarded
    def oldest(self) -> date | None:
        """The day of the oldest turn, or None."""
        found = self._db.execute("select min(at) from turns").fetchone()[0]
        return datetime.fromisoformat(found).date() if found else None

    @contextmanager
    def _doomed(self, scope: Scope) -> Iterator[None]:
        """The ids of the turns and sessions that go, and of the notices about them, as temporary tables in memory."""
        sessions, turns, value = {
            "before": ("last_at < ?1 and not exists (select 1 from turns t where t.session = sessions.id and t.at >= ?1)",
                       "at < ?1", scope.before and scope.before.isoformat()),
            "person": ("person = ?1", "session in (select id from sessions where person = ?1)", scope.person),
            "call": ("id = ?1", "session = ?1", scope.call),
        }[scope.kind]
        self._db.execute("pragma temp_store=memory")
        for name in ("sessions", "turns", "notices"):
            self._db.execute(f"drop table if exists temp.doomed_{name}")
            self._db.execute(f"create temp table doomed_{name} (id integer primary key)")
        with self._db.atomic():
            self._db.execute(f"insert into temp.doomed_sessions select id from sessions where {sessions}", [value])
            self._db.execute(f"insert into temp.doomed_turns select id from turns where {turns}", [value])
            calls = {str(row[0]) for row in self._db.execute("select id from temp.doomed_sessions")}
            for row in list(self._db.query("select id, key from notices")):
                kind, _, about = row["key"].partition(":")
                if kind == "callback" and about.split(":")[0] in calls or scope.person and _mentions(scope.person, row["key"]):
                    self._db.execute("insert into temp.doomed_notices values (?)", [row["id"]])
        yield

    def _tables(self) -> tuple[str, ...]:
        """The tables that lose rows, children first, as far as this log has them."""
        there = set(self._db.table_names())
        return tuple(dict.fromkeys(owned.table for owned in OWNED if not owned.blank and owned.table in there))

    def _count(self, scope: Scope) -> dict[str, int]:
        counts = {}
        for table in self._tables():
            where, values = _conditions(table, scope)
            count = self._db.execute(f"select count(*) from {table} where {where}", values).fetchone()[0]
            if count and table not in FULL_TEXT:
                counts[table] = count
        return counts

    def _strike_out(self, scope: Scope) -> None:
        """Strikes the customers' codes and the person out of what others were told."""
        calls = list(self._db.query("select id, customer from sessions where id in (select id from temp.doomed_sessions)"))
        names = [rf"(?<=[·（]){re.escape(call['customer'])}(?!\w)" for call in calls if call["customer"]]
        if scope.person:
            known = next(self._db.query("select name from people where id = ?", [scope.person]), {"name": ""})
            names += [_word(name) for name in {scope.person, known["name"]} if name]
        pattern = re.compile("|".join(names) or "(?!)")
        for table in MENTIONS.keys() & set(self._db.table_names()):
            column = MENTIONS[table]
            for row in list(self._db.query(f"select id, {column} as text from {table} where {column} != ''")):
                told = json.loads(row["text"])
                if (struck := _struck(told, pattern)) != told:
                    self._db[table].update(row["id"], {column: json.dumps(struck, ensure_ascii=False)})

    def _blank(self, scope: Scope) -> None:
        """Of a removed person the audit keeps only that something happened."""
        if not scope.person:
            return
        for owned in OWNED:
            if owned.blank:
                self._db.execute(f"update {owned.table} set {owned.column} = ? where {owned.column} = ?", [NOBODY, scope.person])
        for row in list(self._db.query("select id, person, detail from audit")):
            if row["person"] == NOBODY or _mentions(scope.person, row["detail"]):
                self._db["audit"].update(row["id"], {"detail": NOBODY})

    @contextmanager
    def _patient(self) -> Iterator[None]:
        """Waits longer for other processes than the chat does."""
        self._db.execute(f"pragma busy_timeout={self.patience_ms}")
        try:
            yield
        finally:
            self._db.execute(f"pragma busy_timeout={BUSY_MS}")

    def _settle(self, otherwise: str) -> None:
        """Moves the WAL into the file and empties it; StoreError with this sentence where a reader forbids it."""
        busy, _, _ = self._db.execute("pragma wal_checkpoint(truncate)").fetchone()
        if busy:
            raise StoreError(otherwise.format(path=self.path))

    def _sweep(self) -> None:
        self._settle(HALF)
        self._db.execute("vacuum")  # pages freed by another program may still hold text
        self._settle(HALF)
