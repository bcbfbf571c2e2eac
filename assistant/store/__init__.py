"""The log: the only conversation state there is. One class over one file, put together from one module a job."""
from __future__ import annotations

from assistant.store.calls import Calls
from assistant.store.delivery import Delivery
from assistant.store.invites import Invites
from assistant.store.notices import Notices
from assistant.store.people import People


class Store(Calls, Delivery, Invites, Notices, People):
    """The log over a SQLite file (or ":memory:"). Returns domain values, never rows."""
