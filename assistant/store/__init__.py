"""The log: the only conversation state there is. One class over one file, put together from one module a job."""
from __future__ import annotations

from assistant.store.calls import Calls
from assistant.store.checks import Checks
from assistant.store.customers import Customers
from assistant.store.notices import Notices
from assistant.store.people import People
from assistant.store.recalls import Recalls


class Store(Calls, Checks, Customers, Notices, People, Recalls):
    """The log over a SQLite file (or ":memory:"). Returns domain values, never rows."""
