"""What a handler works with: the few things that have side effects or live outside, and no methods."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assistant.domain import Corpus, Found
from assistant.guard import Break

if TYPE_CHECKING:  # the store's library is slow to import, and `coach ask` keeps no log
    from assistant.store import Store

Search = Callable[[str], Found]
Guard = Callable[[str], Sequence[Break]]


@dataclass(frozen=True, slots=True)
class Desk:
    """`guard` says which red lines a line of the agent's would break. `as_of` replaces today for the facts; `idle` is the
    silence after which a line opens a new call."""

    search: Search
    corpus: Corpus
    store: Store
    guard: Guard
    idle: timedelta = timedelta(minutes=30)
    as_of: date | None = None
