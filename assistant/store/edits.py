"""Lines that managers have changed: who, when, what; the newest of a rung counts."""
from __future__ import annotations

from datetime import datetime

from assistant.domain import Edit
from assistant.store.base import Base, guarded


class Edits(Base):
    """Every version is kept."""

    @guarded
    def add_edit(self, edit: Edit, author: str, at: datetime) -> None:
        """Keeps a new version of a rung; an empty line gives the file's line back."""
        self._db["card_edits"].insert({"card": edit.card_id, "rung": edit.rung, "line": edit.line, "author": author,
                                       "at": at.isoformat()})

    @guarded
    def edits(self) -> tuple[Edit, ...]:
        """The newest version of every rung that was changed."""
        rows = self._db.query("select card, rung, line from card_edits where id in "
                              "(select max(id) from card_edits group by card, rung) order by id")
        return tuple(Edit(row["card"], row["rung"], row["line"]) for row in rows)
