"""What agents asked whether they may say it, and how often which red line came up."""
from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from assistant.domain import Asked, Habit, Role
from assistant.redact import mask
from assistant.store.base import Base, guarded


class Checks(Base):
    """Asked lines, masked, with the rules they broke."""

    @guarded
    def add_check(self, person: str, text: str, rules: Sequence[str], layers: Sequence[str], at: datetime) -> None:
        """Keeps one question, in the person's open call where there is one."""
        call = next(self._db.query("select id from sessions where person = ? and ended_at is null order by id desc limit 1",
                                   [person]), None)
        self._db["checks"].insert({"session": call["id"] if call else None, "person": person, "at": at.isoformat(),
                                   "text": mask(text), "rules": json.dumps(rules), "layers": json.dumps(layers)})

    @guarded
    def checks(self, since: datetime, limit: int | None = None) -> tuple[Asked, ...]:
        """Questions since then, newest first."""
        rows = self._db.query("select * from checks where at >= ? order by id desc limit ?",
                              [since.isoformat(), -1 if limit is None else limit])
        return tuple(Asked(row["person"], datetime.fromisoformat(row["at"]), row["text"], tuple(json.loads(row["rules"])),
                           row["session"]) for row in rows)

    @guarded
    def habits(self, since: datetime) -> tuple[Habit, ...]:
        """How often each person's own words broke each rule since then, most often first."""
        rows = self._db.query(
            "select c.person, r.value as rule, count(*) as times from checks c, json_each(c.rules) r where c.at >= ? "
            "group by c.person, r.value order by times desc, rule, c.person", [since.isoformat()])
        return tuple(Habit(row["person"], row["rule"], row["times"]) for row in rows)

    @guarded
    def who_may(self, role: Role) -> tuple[str, ...]:
        """Ids of everybody whose role reaches the given one."""
        return tuple(row["id"] for row in self._db.query("select id, role from people order by id") if Role(row["role"]).may(role))
