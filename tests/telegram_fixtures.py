"""A fake Bot API with a clock that nobody waits for, and PTB's own Bot and Application talking to it over HTTP."""
from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from telegram import Bot
from telegram.error import TelegramError
from telegram.ext import Application
from telegram.request import HTTPXRequest

from assistant.fakeapi import FakeBotApi, Person

START = 1_795_500_000.0


class Clock:
    """Time that passes only when somebody sleeps on it; `slept` keeps how long."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi(now=clock, sleep=clock.sleep) as running:
        yield running


@pytest.fixture
async def bot(api: FakeBotApi) -> AsyncIterator[Bot]:
    async with Bot(api.token, api.base_url, api.base_file_url, request=HTTPXRequest(connection_pool_size=8),
                   get_updates_request=HTTPXRequest(connection_pool_size=2)) as talking:
        yield talking


@pytest.fixture
async def li(api: FakeBotApi) -> Person:
    """小李, who has pressed Start."""
    person = api.person(7, "小李")
    await person.start()
    return person


@pytest.fixture
async def application(api: FakeBotApi) -> AsyncIterator[Application]:
    """A started Application that does not receive anything yet."""
    app = (Application.builder().token(api.token).base_url(api.base_url).base_file_url(api.base_file_url)
           .updater(None).build())
    async with app:
        await app.start()
        yield app
        await app.stop()


async def refusal(api: FakeBotApi, call: Awaitable[Any]) -> str:
    """Status and description of the refusal that a call meets."""
    before = len(api.refusals)
    with pytest.raises(TelegramError):
        await call
    assert len(api.refusals) == before + 1, "the call failed without being refused"
    return f"{api.refusals[-1].code} {api.refusals[-1].description}"


async def post(url: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded") -> tuple[int, dict]:
    """A request that PTB would not send. Returns status and JSON."""
    def ask() -> tuple[int, dict]:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body or None, {"Content-Type": kind})) as found:
                return found.status, json.load(found)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return await asyncio.to_thread(ask)
