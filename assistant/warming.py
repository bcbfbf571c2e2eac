"""A search that is opened in a thread while the bot answers already; whoever asks too early waits for it."""
from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager

from assistant.desk import Search
from assistant.domain import Found


class Warming:
    """Opens the search at once, in the background, and asks it something, so that the first agent waits for nothing.

    `opened` is its future. `open_` is given a question that it asks now and then: whether nobody waits for it any more.
    """

    def __init__(self, open_: Callable[[Callable[[], bool]], AbstractContextManager[Search]], first: str = "太贵了") -> None:
        self._stack = contextlib.ExitStack()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warming")
        self._left = False
        self.opened: Future[Search] = self._thread.submit(self._open, open_, first)

    def _open(self, open_, first: str) -> Search:
        search = self._stack.enter_context(open_(lambda: self._left))
        search(first)
        return search

    def __enter__(self) -> Warming:
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        self._thread.shutdown(wait=True)
        self._stack.close()

    def __call__(self, heard: str) -> Found:
        """What the search finds. Raises what its opening raised."""
        return self.opened.result()(heard)
