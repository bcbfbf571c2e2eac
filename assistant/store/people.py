"""Who may use the coach, and as what."""
from __future__ import annotations

from datetime import datetime

from assistant.domain import Role
from assistant.store.base import Base, guarded


class People(Base):
    """People by id: a Telegram user's number as text, or a name in the terminal."""

    @guarded
    def know(self, person: str, name: str, role: Role, at: datetime) -> None:
        """Adds a person unless known already."""
        self._db["people"].insert({"id": person, "name": name, "role": role.value, "added_at": at.isoformat()}, ignore=True)

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
