"""A search that is opened in a thread while the bot answers already; whoever asks too early waits for it."""
from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from assistant.desk import Search
from assistant.domain import Found


class Warming:
    """Opens the search at once, in the background, and asks it something, so that the first agent waits for nothing."""

    def __init__(self, open_: Callable[[], AbstractContextManager[Search]], first: str = "太贵了") -> None:
        self._stack = contextlib.ExitStack()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warming")
        self._search = self._thread.submit(self._open, open_, first)

    def _open(self, open_: Callable[[], AbstractContextManager[Search]], first: str) -> Search:
        search = self._stack.enter_context(open_())
        search(first)
        return search

    def __enter__(self) -> Warming:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True)
        self._stack.close()

    def ready(self) -> bool:
        """Whether an answer would come at once."""
        return self._search.done()

    def failed(self) -> BaseException | None:
        """Why the search cannot be opened, if that is known already."""
        return self._search.exception() if self._search.done() else None

    def __call__(self, heard: str) -> Found:
        """What the search finds. Raises what its opening raised."""
        return self._search.result()(heard)
