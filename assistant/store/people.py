"""Who may use the coach, and as what."""
from __future__ import annotations

from datetime import datetime

from assistant.domain import Person, Role
from assistant.redact import mask
from assistant.store.base import Base, guarded


class People(Base):
    """People by id: a Telegram user's number as text, or a name in the terminal."""

    @guarded
    def know(self, person: str, name: str, role: Role, at: datetime) -> None:
        """Adds a person unless known already."""
        self._db["people"].insert({"id": person, "name": mask(name), "role": role.value, "added_at": at.isoformat()},
                                  ignore=True)

    @guarded
    def role(self, person: str) -> Role | None:
        """The person's role, or None for a stranger."""
        row = next(self._db.query("select role from people where id = ?", [person]), None)
        return Role(row["role"]) if row else None

    @guarded
    def name(self, person: str) -> str:
        """What the person is called; the id where no name is known."""
        row = next(self._db.query("select name from people where id = ?", [person]), None)
        return (row["name"] if row else "") or person

    @guarded
    def people(self) -> tuple[Person, ...]:
        """Everybody who is admitted, the highest role first, then in the order in which they came."""
        ranks = tuple(Role)
        found = [Person(row["id"], row["name"], Role(row["role"]), datetime.fromisoformat(row["added_at"]))
                 for row in self._db.query("select * from people order by added_at, id")]
        return tuple(sorted(found, key=lambda person: -ranks.index(person.role)))

    @guarded
    def set_role(self, person: str, role: Role) -> bool:
        """Gives a person another role; False for a stranger."""
        return self._db.execute("update people set role = ? where id = ?", [role.value, person]).rowcount > 0

    @guarded
    def remove(self, person: str) -> bool:
        """Shuts a person out at once: no role, and nothing more on its way to them. False for a stranger. What they
        asked stays in the log (`coach forget` deletes it)."""
        with self._db.atomic():
            known = self._db.execute("delete from people where id = ?", [person]).rowcount > 0
            self._db.execute("update outbox set state = 'dropped' where person = ? and state = 'queued'", [person])
        return known

    @guarded
    def cards_met(self, person: str, count: int) -> tuple[str, ...]:
        """The cards this person's customers called for most, the most frequent first."""
        rows = self._db.query("select t.card, count(*) as times from turns t join sessions s on s.id = t.session "
                              "where s.person = ? and t.kind = 'call' and t.card != '' group by t.card "
                              "order by times desc, max(t.id) desc limit ?", [person, count])
        return tuple(row["card"] for row in rows)
