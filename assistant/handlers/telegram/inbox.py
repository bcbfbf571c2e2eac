"""The door: every update is on the disk before Telegram is told that we have it, and each person's stay in order."""
from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from telegram import Update, User
from telegram.error import NetworkError, TelegramError
from telegram.ext import BaseUpdateProcessor
from telegram.request import HTTPXRequest

from assistant.errors import StoreError
from assistant.handlers.telegram.arriving import Arrived, arrived, restored
from assistant.journal import trace
from assistant.store import Store

_LOG = logging.getLogger(__name__)
_BATCH = 100  # updates that getUpdates brings at most


class Inbox(asyncio.Queue):
    """The queue of the Application. `put` returns when the update is stored, and both of Telegram's ways wait for it:
    polling confirms a batch, and the webhook answers 200, only after `put`. A stored update is put in once.

    Raises NetworkError where it cannot be stored, so that Telegram brings it again.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._store, self._now = store, now
        self.me: User | None = None
        self.saw: Callable[[int, int], None] = lambda chat, message: None

    async def put(self, item: Any) -> None:
        """Stores an update that concerns us and lets it in; other objects are the Application's own signals."""
        if not isinstance(item, Update):
            await super().put(item)
            return
        try:
            found = arrived(item, self.me, self._now())
        except Exception as error:  # one odd update must not end the fetching of all others
            _LOG.error("update %s is passed over\n%s", item.update_id, trace(error))
            return
        if found is None:
            return
        if found.kind == "inline":  # worth nothing a moment later
            await super().put(found)
            return
        try:
            new = await asyncio.to_thread(self._store.accept, found.update, found.chat, found.person, found.message,
                                          found.kept(), found.at)
        except StoreError as error:
            _LOG.error("an update could not be stored and is asked for again: %s", error)
            raise NetworkError("not stored") from None
        self.saw(found.chat, found.message)
        if new:
            await super().put(found)

    async def resume(self) -> int:
        """Lets in again, in their order, the updates that a stopped process has left; how many."""
        left = await asyncio.to_thread(self._store.unfinished)
        for body in left:
            await super().put(restored(body))
        return len(left)


class Lanes(BaseUpdateProcessor):
    """People are served side by side, each person's updates one after the other in the order in which they came."""

    def __init__(self, side_by_side: int = 4096) -> None:
        super().__init__(side_by_side)
        self._lanes: dict[str, tuple[asyncio.Lock, int]] = {}

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        lane = update.person if isinstance(update, Arrived) and update.kind != "inline" else ""
        if not lane:
            await coroutine
            return
        lock, waiting = self._lanes.get(lane, (asyncio.Lock(), 0))
        self._lanes[lane] = lock, waiting + 1
        try:
            async with lock:
                await coroutine
        finally:
            lock, waiting = self._lanes[lane]
            if waiting == 1:
                del self._lanes[lane]
            else:
                self._lanes[lane] = lock, waiting - 1

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do."""


class Polling(HTTPXRequest):
    """The connection that fetches updates. A broken update is passed over instead of holding up all that follow; it is
    logged by its number. `drained` is set once what was waiting at Telegram has been fetched."""

    def __init__(self, refused: Callable[[], None], **settings: Any) -> None:
        super().__init__(**settings)
        self.drained = asyncio.Event()
        self._refused, self._short = refused, False

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if self._short and url.endswith("/getUpdates"):
            self.drained.set()
        status, payload = await super().do_request(url, *args, **kwargs)
        if status in (401, 404):
            self._refused()
        return status, payload

    def parse_json_payload(self, payload: bytes) -> Any:
        try:
            content = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:  # the text may be somebody's; it stays out of the log
            raise TelegramError("Invalid server response") from None
        if isinstance(content, dict) and isinstance(content.get("result"), list):
            self._short = len(content["result"]) < _BATCH
            content["result"] = [update if _readable(update) else _unread(update) for update in content["result"]]
        return content


def _readable(update: Any) -> bool:
    try:
        return Update.de_json(update, None) is not None
    except Exception:  # whatever is wrong with it
        return False


def _unread(update: Any) -> dict[str, int]:
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int):
        raise TelegramError("Invalid server response")
    _LOG.warning("update %s cannot be read and is passed over", number)
    return {"update_id": number}
