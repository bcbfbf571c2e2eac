"""A bot between a fake Telegram and a real log, for tests: people talk, the screen is read."""
from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from assistant.config import Telegram
from assistant.desk import Desk, Search
from assistant.domain import Corpus, Role
from assistant.fakeapi import FakeBotApi, Person
from assistant.handlers.telegram import Service, Setup
from assistant.handlers.telegram.courier import Pace
from assistant.store import Store
from tests.conftest import NOW, hear, unguarded

PRICE = ["价格太高第一句，我帮您看看。", "价格太高第二句，我帮您算算。", "价格太高第三句，您慢慢想。"]
QUICK = Pace(backoff=(0.01,), settle=0.05, farewell=1.0)


class Bots:
    """Starts and stops bots on one folder and one fake Telegram; time stands still unless it is moved."""

    def __init__(self, api: FakeBotApi, store: Store, corpus: Corpus, search: Search = hear) -> None:
        self.api, self.store, self.corpus, self.search, self.now = api, store, corpus, search, NOW
        self.guard = unguarded
        self.service: Service | None = None

    def setup(self, **changes) -> Setup:
        settings = Telegram(base_url=self.api.base_url, per_second=0, timeout=changes.pop("timeout", 5))
        return replace(Setup(self.api.token, settings, pace=QUICK, retries=(0.01,), tick=0.2, poll=10), **changes)

    def clock(self) -> datetime:
        return self.now

    async def start(self, opened=None, **changes) -> Service:
        desk = Desk(functools.lru_cache(100)(lambda heard: self.search(heard)), self.corpus, self.store,
                    self.guard, idle=timedelta(minutes=30))
        self.service = Service(desk, self.setup(**changes), self.clock, opened)
        await self.service.start()
        return self.service

    async def stop(self) -> None:
        if self.service is not None:
            await self.service.stop()
            self.service = None

    async def until(self, predicate: Callable[[], Any], timeout: float = 5.0) -> Any:
        """The first true value of a predicate over the screen or the log. AssertionError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not (found := predicate()):
            assert time.monotonic() < deadline, (self.api.calls[-5:], self.api.refusals[-5:])
            await asyncio.sleep(0.005)
        return found

    def admit(self, number: int, name: str, role: Role = Role.AGENT) -> Person:
        """Somebody who is on the list and has written to the bot before."""
        self.store.know(str(number), name, role, NOW)
        person = self.api.person(number, name)
        person.meets(self.api.world.private(number))
        return person


@contextlib.asynccontextmanager
async def opened(store: Store, corpus: Corpus, search: Search = hear) -> AsyncIterator[Bots]:
    """A fake Telegram and bots on it; whatever runs at the end is stopped."""
    async with FakeBotApi() as api:
        found = Bots(api, store, corpus, search)
        try:
            yield found
        finally:
            await found.stop()


def said(person: Person) -> list[str]:
    """The first line of everything the bot has in a person's chat."""
    return [one.text.splitlines()[0].removeprefix("💬 ") for one in person.chat.by_bot]
