"""The log: the only conversation state there is. One class over one file, put together from one module a job."""
from __future__ import annotations

from assistant.store.backup import Backup
from assistant.store.calls import Calls
from assistant.store.checks import Checks
from assistant.store.customers import Customers
from assistant.store.delivery import Delivery
from assistant.store.edits import Edits
from assistant.store.forget import Forget
from assistant.store.invites import Invites
from assistant.store.notices import Notices
from assistant.store.people import People
from assistant.store.recalls import Recalls


class Store(Backup, Calls, Checks, Customers, Delivery, Edits, Forget, Invites, Notices, People, Recalls):
    """The log over a SQLite file (or ":memory:"). Returns domain values, never rows."""
