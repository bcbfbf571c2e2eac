"""What people are told unasked, and the audit of who did what."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from assistant.domain import Line, Notice
from assistant.redact import mask
from assistant.store.base import Base, guarded


class Notices(Base):
    """A notice has a key that says what it is about; the same key is never told twice."""

    @guarded
    def notify(self, person: str, kind: str, lines: Sequence[Line], key: str, due: datetime) -> int | None:
        """Queues a notice; its number, or None where the key is known already."""
        if self._db["notices"].count_where("key = ?", [key]):
            return None
        return int(self._db["notices"].insert({
            "person": person, "kind": kind, "key": key, "due_at": due.isoformat(), "sent_at": None, "read_at": None,
            "lines": json.dumps([[line.role, mask(line.text)] for line in lines], ensure_ascii=False)}).last_pk)

    @guarded
    def unsent(self, now: datetime, person: str | None = None) -> tuple[Notice, ...]:
        """Notices that are due and not sent yet, oldest first; of one person where one is named."""
        rows = self._db.query("select * from notices where sent_at is null and due_at <= ? and person = coalesce(?, person) "
                              "order by due_at, id", [now.isoformat(), person])
        return tuple(_notice(row) for row in rows)

    @guarded
    def unread(self, person: str) -> tuple[Notice, ...]:
        """Notices that were sent to this person and not confirmed yet, oldest first."""
        rows = self._db.query("select * from notices where person = ? and sent_at is not null and read_at is null "
                              "order by due_at, id", [person])
        return tuple(_notice(row) for row in rows)

    @guarded
    def next_due(self) -> datetime | None:
        """When the next unsent notice is due, or None."""
        row = next(self._db.query("select min(due_at) as due from notices where sent_at is null"))
        return datetime.fromisoformat(row["due"]) if row["due"] else None

    @guarded
    def notices(self, key_prefix: str) -> tuple[Notice, ...]:
        """All notices whose key starts so, sent or not."""
        rows = self._db.query("select * from notices where substr(key, 1, ?) = ? order by id", [len(key_prefix), key_prefix])
        return tuple(_notice(row) for row in rows)

    @guarded
    def mark_sent(self, notice: int, at: datetime) -> None:
        self._db["notices"].update(notice, {"sent_at": at.isoformat()})

    @guarded
    def mark_read(self, notice: int, person: str, at: datetime) -> bool:
        """Records that its person has read it; False where it is not theirs."""
        changed = self._db.execute("update notices set read_at = coalesce(read_at, ?), sent_at = coalesce(sent_at, ?) "
                                   "where id = ? and person = ?", [at.isoformat(), at.isoformat(), notice, person])
        return changed.rowcount > 0

    @guarded
    def audit(self, person: str, what: str, detail: str, at: datetime) -> None:
        """Writes down who did what; `detail` holds ids and counts, never personal data."""
        self._db["audit"].insert({"at": at.isoformat(), "person": person, "what": what, "detail": mask(detail)})

    @guarded
    def audited(self, limit: int = 100) -> tuple[Mapping[str, str], ...]:
        """The newest entries of the audit, newest first."""
        return tuple(self._db.query("select at, person, what, detail from audit order by id desc limit ?", [limit]))


def _notice(row: Mapping) -> Notice:
    return Notice(row["id"], row["person"], row["kind"], tuple(Line(role, text) for role, text in json.loads(row["lines"])),
                  datetime.fromisoformat(row["due_at"]), row["sent_at"] is not None, row["read_at"] is not None)
