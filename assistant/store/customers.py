"""What an agent stated about the customer of a call, and where the agent works: what a line has to fit."""
from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from assistant.domain import Slots
from assistant.store.base import Base, guarded


class Customers(Base):
    """Slots live and die with their call; a profile stays with its person."""

    @guarded
    def slots(self, call: int) -> Slots:
        """What was stated in this call; all unknown where nothing was."""
        row = next(self._db.query("select last_year, this_year, claims, due, energy from slots where session = ?", [call]), None)
        return Slots(**row) if row else Slots()

    @guarded
    def set_slots(self, call: int, slots: Slots, at: datetime) -> None:
        """Replaces what was stated in this call."""
        self._db["slots"].upsert({"session": call, **asdict(slots), "at": at.isoformat()}, pk="session")

    @guarded
    def profile(self, person: str) -> tuple[str, str]:
        """The person's region (a province or a class letter A-E) and channel; "" is unknown."""
        row = next(self._db.query("select region, channel from people where id = ?", [person]), None)
        return (row["region"] or "", row["channel"] or "") if row else ("", "")

    @guarded
    def set_profile(self, person: str, region: str, channel: str) -> bool:
        """Keeps both; False where the person is not known."""
        changed = self._db.execute("update people set region = ?, channel = ? where id = ?", [region, channel, person])
        return changed.rowcount > 0
