"""Delivers the outbox: each chat's messages in order, one after the other, all chats side by side.

A message is marked `sending` before the network sees it and `sent` with its number afterwards. Three things go wrong in
between. A refusal (429, 403, 400) says that nothing happened. A connection that was never made says the same. A lost answer
(a timeout, a cut, a 5xx, or our own process killed) says nothing: the message may be in the chat. Then we look before we
send again. Telegram numbers the messages of all private chats and basic groups of a bot from one rising counter (each
supergroup has its own), and the log knows the numbers of everything that came in and was sent; so the message, if it
arrived, has one of the few numbers above `floor` that we cannot account for. An edit of such a number to the very text
and keys of our message tells: "message is not modified" means that it is ours and arrived; "not found" and "can't be
edited" mean that it is not. A message that carries a typing keyboard can never be edited: there, "can't be edited" under a
number that no update explains is the sign that it is ours.

Probes count against Telegram's limits, so there are few: a message is marked only when a wire is free for it, and numbers
are looked at only up to the first that this process has given itself (what a stopped one sent has a lower one), or, where
there is none, as far as the messages under way can reach. Where they leave a doubt (somebody's message in a
basic group that we may not see took a number; a request that was stuck on its way arrives after we looked), the message is
sent again: an agent on the phone is better off with a line twice than without it.
"""
from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError, TimedOut

from assistant.domain import Line, Outgoing
from assistant.handlers.telegram import leaving
from assistant.journal import trace
from assistant.store import Store

_LOG = logging.getLogger(__name__)
_NEVER_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
_SUPERGROUP = -10**12
_SPAN = 5000  # numbers above the floor that are looked at, most of them known


@dataclass(frozen=True, slots=True)
class Pace:
    """Patience, in seconds: between tries, for updates to come in before numbers are judged, and at the end. `parallel`
    requests are under way at most, `slack` probes are made beyond the messages under way."""

    backoff: tuple[float, ...] = (0.5, 1, 2, 4, 8, 15)
    settle: float = 3.0
    farewell: float = 8.0
    parallel: int = 12
    slack: int = 5


@dataclass(slots=True)
class _Going:
    """A message on its way: whether it may have arrived, may still arrive (`late`), goes without its looks, how often it
    failed, when to try again; `open` says that the chat takes more."""

    out: Outgoing
    unsure: bool
    late: bool = False
    bare: bool = False
    tries: int = 0
    pause: float = 0.0
    done: bool = False
    open: bool = True


class Courier:
    """One worker for each chat that has something to be sent."""

    def __init__(self, bot: Bot, store: Store, now: Callable[[], datetime], drained: asyncio.Event,
                 fatal: Callable[[TelegramError], None], pace: Pace) -> None:
        self._bot, self._store, self._now, self._drained, self._fatal, self._pace = bot, store, now, drained, fatal, pace
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._woken: set[int] = set()
        self._links: dict[int, tuple[Line, ...]] = {}
        self._highest: dict[int, int] = {}
        self._first: dict[int, int] = {}
        self._looking = asyncio.Lock()
        self._wires = asyncio.Semaphore(pace.parallel)
        self._stopping = False

    def saw(self, chat: int, message: int) -> None:
        """A message of that number exists: what is sent from now on has a higher one."""
        scope = _scope(chat)
        if scope in self._highest:
            self._highest[scope] = max(self._highest[scope], message)

    def hold(self, links: Mapping[int, tuple[Line, ...]]) -> None:
        """Lines of queued messages that are stored nowhere: links that open a door."""
        self._links.update(links)

    def wake(self, *chats: int) -> None:
        """Something is queued for these chats."""
        for chat in chats:
            self._woken.add(chat)
            if chat not in self._workers and not self._stopping:
                self._workers[chat] = asyncio.create_task(self._work(chat), name=f"courier:{chat}")

    async def resume(self) -> None:
        """Goes on with what a stopped process has left."""
        self.wake(*await asyncio.to_thread(self._store.waiting_chats))

    async def stop(self) -> None:
        """Sends for a moment what is queued; the rest stays in the outbox for the next start."""
        if self._workers:
            await asyncio.wait(list(self._workers.values()), timeout=self._pace.farewell)
        self._stopping = True
        for worker in list(self._workers.values()):
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _work(self, chat: int) -> None:
        try:
            while chat in self._woken:
                self._woken.discard(chat)
                await self._empty(chat)
        finally:
            del self._workers[chat]

    async def _empty(self, chat: int) -> None:
        """Delivers all that waits for a chat. Whatever goes wrong (the log may be locked), it goes on after a while, and
        what was under way then counts as unsure."""
        tries = 0
        while True:
            try:
                while (going := await self._begin(chat)) is not None:
                    if not await self._finish(going):
                        return
                return
            except Exception as error:
                _LOG.error("a delivery was interrupted and is taken up again\n%s", trace(error))
                await asyncio.sleep(self._pause(tries))
                tries += 1

    def _pause(self, tries: int) -> float:
        return self._pace.backoff[min(tries, len(self._pace.backoff) - 1)]

    def _claim(self, chat: int) -> Outgoing | None:
        scope = _scope(chat)
        if scope not in self._highest:
            self._highest[scope] = self._store.highest(chat)
        return self._store.claim(chat, self._highest[scope])

    async def _begin(self, chat: int) -> _Going | None:
        """Takes a chat's next message and tries to deliver it; None where nothing waits. It is taken only when a wire is
        free: what is marked as under way is few, and really under way."""
        async with self._wires:
            out = await asyncio.to_thread(self._claim, chat)
            if out is None:
                return None
            going = _Going(replace(out, lines=self._links.get(out.id, out.lines)), out.unsure and out.kind == "send")
            if not going.unsure:
                await self._try(going)
            return going

    async def _finish(self, going: _Going) -> bool:
        """Goes on until it is delivered, however long it takes; False where nothing more can be sent to this chat now."""
        if going.unsure and going.tries == 0:
            await self._news()
        while not going.done:
            await asyncio.sleep(going.pause)
            async with self._wires:
                await self._try(going)
        return going.open

    async def _try(self, going: _Going) -> None:
        out, going.pause = going.out, 0.0
        try:
            number = 0
            if going.unsure:
                number = await self._look(going)
                if not number and going.late:  # the request may be stuck on its way: look once more before it is sent again
                    going.late, going.pause = False, self._pace.settle
                    return
            going.unsure = False
            started = time.perf_counter()
            number = number or self._gave(out.chat, await self._send(out, going.bare))
            ms = (time.perf_counter() - started) * 1000
            self.saw(out.chat, number)
            self._links.pop(out.id, None)
            await asyncio.to_thread(self._store.sent, out.id, number if out.kind == "send" else 0, self._now(), out.turn,
                                    ms if out.kind == "send" else None)
            going.done = True
        except RetryAfter as error:  # only this chat waits
            going.pause = _seconds(error)
            _LOG.warning("Telegram asks one chat to wait %.1f s", going.pause)
        except Forbidden:
            _LOG.warning("a person has blocked the bot; what waited for them is dropped")
            await asyncio.to_thread(self._store.unreachable, out.chat, str(out.chat), self._now())
            going.done, going.open = True, False
        except ChatMigrated as error:
            await asyncio.to_thread(self._store.moved, out.chat, error.new_chat_id)
            self.wake(error.new_chat_id)
            going.done = True
        except InvalidToken as error:
            self._fatal(error)
            going.done, going.open = True, False
        except BadRequest as error:
            await self._refused(going, error)
        except TelegramError as error:  # the network, a 5xx, an answer that nobody can read
            going.unsure = going.unsure or (out.kind == "send" and _may_have_arrived(error))
            going.late = going.late or isinstance(error, TimedOut)
            going.pause = self._pause(going.tries)
            going.tries += 1
            _LOG.warning("not delivered (%s), once more in %.1f s", type(error.__cause__ or error).__name__, going.pause)

    async def _refused(self, going: _Going, error: BadRequest) -> None:
        """Telegram does not take it as it is: once more without its looks, then never."""
        if going.bare or going.out.kind == "edit" or "chat not found" in error.message.lower():
            await asyncio.to_thread(self._store.give_up, going.out.id, error.message, self._now())
            going.done = True
            return
        _LOG.warning("a message is sent without its looks: %s", error.message)
        going.bare = True

    async def _send(self, out: Outgoing, bare: bool) -> int:
        """Sends, or edits, and returns the message's number. `bare` leaves out the looks, which Telegram refused."""
        if out.kind == "edit" and out.target_message:
            return await self._edit(out, out.target_message)
        message = await self._bot.send_message(
            out.chat, leaving.plain(out.lines) if bare else leaving.marked(out.lines),
            parse_mode=None if bare else ParseMode.HTML,
            reply_markup=None if bare else leaving.keyboard(out.buttons, out.keys),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(out.question, allow_sending_without_reply=True) if out.reply and out.question
            else None)
        return message.message_id

    async def _edit(self, out: Outgoing, number: int) -> int:
        try:
            await self._bot.edit_message_text(
                leaving.marked(out.lines), out.chat, number, parse_mode=ParseMode.HTML,
                reply_markup=leaving.keyboard(out.buttons, ()), link_preview_options=LinkPreviewOptions(is_disabled=True))
        except BadRequest as error:
            if "not modified" not in error.message.lower():
                raise
        return number

    # Did it arrive?

    async def _news(self) -> None:
        """Waits until the updates that were under way have come in: they explain numbers."""
        try:
            await asyncio.wait_for(self._drained.wait(), self._pace.settle)
        except TimeoutError:
            _LOG.info("judging numbers while updates may still come in")

    def _gave(self, chat: int, number: int) -> int:
        """Remembers the first number that this process was given."""
        self._first.setdefault(_scope(chat), number)
        return number

    async def _look(self, going: _Going) -> int:
        """What a stopped process has left is looked for one after the other: the first that is sent again gets a number
        above which nobody needs to look."""
        if going.tries:
            return await self._find(going.out, resumed=False)
        async with self._looking:
            found = await self._find(going.out, resumed=True)
            if not found and _scope(going.out.chat) not in self._first:
                found = self._gave(going.out.chat, await self._send(going.out, going.bare))
            return found

    async def _find(self, out: Outgoing, resumed: bool) -> int:
        """The number under which the message has arrived, or 0 (see above). `resumed`: a stopped process sent it."""
        for number in await asyncio.to_thread(self._candidates, out, resumed):
            try:
                return await self._edit(out, number)
            except BadRequest as error:
                if out.keys and "can't be edited" in error.message.lower() and await self._unexplained(out.chat, number):
                    return number
        return 0

    def _candidates(self, out: Outgoing, resumed: bool) -> list[int]:
        """The numbers it may have, lowest first."""
        reach = max(out.floor, self._highest.get(_scope(out.chat), 0)) + self._store.under_way() + self._pace.slack
        end = min(self._first.get(_scope(out.chat), reach) if resumed else reach, out.floor + _SPAN)
        known = self._store.known_numbers(out.chat, out.floor + 1, end)
        most = self._store.under_way() + self._pace.slack
        return [number for number in range(out.floor + 1, end + 1) if number not in known][:most]

    async def _unexplained(self, chat: int, number: int) -> bool:
        """Whether no update has brought that number, also after those under way have had time to come in."""
        await asyncio.sleep(self._pace.settle)
        return number not in await asyncio.to_thread(self._store.known_numbers, chat, number, number)


def _scope(chat: int) -> int:
    """The counter that numbers this chat's messages: a supergroup's own, or 0, which all other chats share."""
    return chat if chat < _SUPERGROUP else 0


def _seconds(error: RetryAfter) -> float:
    return error._retry_after.total_seconds()  # the public property warns about its coming type


def _may_have_arrived(error: TelegramError) -> bool:
    """False only where no connection was made, so that Telegram cannot have seen the request."""
    return type(error.__cause__).__name__ not in _NEVER_LEFT
