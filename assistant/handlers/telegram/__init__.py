"""Telegram: translates, delivers, and nothing more. What is said is decided by `assistant.handlers.answer`.

arriving (updates to values) -> inbox (kept before it is confirmed) -> exchange (answered and queued, in one transaction)
-> courier (delivered in order, once) with leaving (lines to HTML); service puts them together.
"""
from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from assistant.desk import Desk
from assistant.handlers.telegram.service import Service, Setup

__all__ = ["Service", "Setup", "run"]


async def run(desk: Desk, setup: Setup, now: Callable[[], datetime], opened: Future, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT, from the start, while the search (`opened`) is still being opened. `ready` is told
    the bot's name. Raises CoachError with one sentence where it cannot start or cannot go on."""
    service = Service(desk, setup, now, opened)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: there Ctrl-C ends asyncio.run itself
            loop.add_signal_handler(number, stop.set)
    try:
        await service.start()
        ready(service.me.username or "")
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({stopped, service.failed}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    finally:
        await service.stop()
    if service.failed.done():
        service.failed.result()
