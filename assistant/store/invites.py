"""One-time invitations: a hash of each code, who made it, for which role, until when, and who used it."""
from __future__ import annotations

import hashlib
from datetime import datetime

from assistant.domain import Role
from assistant.store.base import Base, guarded


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


class Invites(Base):
    """The code itself is never stored: a copy of the database opens no door."""

    @guarded
    def invite(self, code: str, role: Role, person: str, at: datetime, expires: datetime) -> None:
        """Keeps an invitation made by a person, with its entry in the audit."""
        with self._db.atomic():
            self._db["invites"].insert({
                "hash": _hash(code), "role": role.value, "made_by": person, "made_at": at.isoformat(),
                "expires_at": expires.isoformat(), "used_by": None, "used_at": None})
            self.audit(person, "invite", f"{role.value} {_hash(code)[:8]}", at)

    @guarded
    def redeem(self, code: str, person: str, name: str, at: datetime) -> Role | None:
        """Admits a stranger by an unused, unexpired code, once; None where the code opens nothing."""
        with self._db.atomic():
            used = self._db.execute("update invites set used_by = ?, used_at = ? where hash = ? and used_by is null "
                                    "and expires_at > ?", [person, at.isoformat(), _hash(code), at.isoformat()])
            if used.rowcount == 0:
                return None
            role = Role(self._db["invites"].get(_hash(code))["role"])
            self.know(person, name, role, at)
            self.audit(person, "join", f"{role.value} {_hash(code)[:8]}", at)
        return role
