"""The fake Bot API as one object: start it, let people write, see what the bot did, break things."""
from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from assistant.fakeapi import polls
from assistant.fakeapi.faults import Fault, Flood
from assistant.fakeapi.methods import method_named
from assistant.fakeapi.params import Params, read_params
from assistant.fakeapi.people import Group, Person
from assistant.fakeapi.profile import member_card
from assistant.fakeapi.refusal import Refusal
from assistant.fakeapi.server import CUT, HOST, Answer, Handler, Listener, Request
from assistant.fakeapi.updates import Updates
from assistant.fakeapi.views import ChatView, Shown, show, show_chat
from assistant.fakeapi.world import FIRST_SUPERGROUP, Chat, Json, World

TOKEN = "4242424242:TEST-only_fake_token_for_loopback_01"
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was accepted: its method as the bot spelled it, readable parameters, time and result."""

    method: str
    params: Json
    at: float
    result: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that was refused, by a rule or by a fault."""

    method: str
    params: Json
    at: float
    code: int
    description: str


class FakeBotApi:
    """A strict Bot API for one bot: `async with FakeBotApi() as api` listens on a free port of 127.0.0.1.

    `now` and `sleep` are the fake's clock; `privacy` is the bot's privacy mode in groups, on as for a new bot.
    `calls` leaves out getUpdates that were served, or a long run would hold nothing else.
    """

    def __init__(self, token: str = TOKEN, port: int = 0, *, name: str = "续保教练", username: str = "renewal_coach_bot",
                 privacy: bool = True, now: Callable[[], float] = time.time,
                 sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        self.token, self.now, self.sleep = token, now, sleep
        me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": name, "username": username}
        self.updates = Updates(now, sleep, lambda: self.online, self.touch)
        self.world = World(me, now, self.tell, privacy)
        self.calls: list[Call] = []
        self.refusals: list[Refused] = []
        self.faults: list[Fault] = []
        self.flood = Flood()
        self.online = False
        self.crashes: list[Exception] = []
        self.control: Handler | None = None
        self._persons: dict[int, Person] = {}
        self._waiters: set[asyncio.Event] = set()
        self._listener = Listener(self.handle, port)

    async def __aenter__(self) -> FakeBotApi:
        await self.network_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.updates.close()
        await self.network_down()
        if self.crashes:
            raise RuntimeError("the fake Bot API itself failed while it answered a call") from self.crashes[0]

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://{HOST}:{self._listener.port}"

    @property
    def base_url(self) -> str:
        """For Application.builder().base_url()."""
        return f"{self.origin}/bot"

    @property
    def base_file_url(self) -> str:
        """For Application.builder().base_file_url()."""
        return f"{self.origin}/file/bot"

    # people and chats

    def person(self, number: int, name: str = "", **fields: str) -> Person:
        """Somebody with an account. The bot does not know them before they write to it or are in its group."""
        user = {"id": number, "is_bot": False, "first_name": name or f"User{number}", "language_code": "zh-hans"}
        self.world.people.setdefault(number, {**user, **fields})
        return self._persons.setdefault(number, Person(self, self.world.people[number]))

    def group(self, title: str, *people: Person, supergroup: bool = False, bot: bool = True,
              username: str = "") -> Group:
        """A group; the first person owns it. With bot=False the bot is not in it until it is invited."""
        place = sum(chat.id < 0 for chat in self.world.chats.values())
        number = FIRST_SUPERGROUP - place if supergroup else -4_000_001 - place
        names = {"title": title, **({"username": username} if username else {})}
        chat = Chat(number, "supergroup" if supergroup else "group", names, "member" if bot else "left")
        for person in people:
            chat.members[person.id] = "member" if chat.members else "creator"
            if bot:
                self.world.seen.add(person.id)
        self.world.chats[number] = chat
        return Group(self, chat)

    def chat(self, number: int) -> ChatView:
        """A private chat, by the person's id, or a group as it looks now."""
        return show_chat(self.world, self.world.private(number) if number > 0 else self.world.chats[number])

    def inline_message(self, inline_id: str) -> Shown:
        """A message that was sent through the bot, as it looks now."""
        return show(self.world, self.world.inline_messages[inline_id], inline_id)

    def close_poll(self, message: Shown) -> None:
        """The poll's time is over."""
        polls.close(self.world, self.world.polls[message.raw["poll"]["id"]])

    def tell(self, kind: str, payload: Json) -> None:
        """Queues an update for the bot and wakes who waits."""
        self.updates.push(kind, payload)
        self.touch()

    def tell_membership(self, chat: Chat, by: Json, old: str, new: str) -> None:
        """my_chat_member: the bot's status in a chat was `old` and is `new`."""
        me = self.world.me
        self.tell("my_chat_member", {"chat": chat.card(), "from": by, "date": self.world.date(),
                                     "old_chat_member": member_card(me, old), "new_chat_member": member_card(me, new)})

    def raw(self, update: Json) -> None:
        """Queues anything, also what no Telegram would send. It gets the next update_id."""
        self.updates.push_raw(update)
        self.touch()

    # trouble

    def inject(self, method: str = "", **trouble: Any) -> Fault:
        """Trouble for calls to come; the fields are those of Fault. Without a method: for all but getUpdates."""
        fault = Fault(method, **trouble)
        self.faults.append(fault)
        return fault

    def heal(self) -> None:
        """Lifts every fault and lets go what was held."""
        for fault in self.faults:
            fault.release()
        self.faults.clear()

    async def network_down(self) -> None:
        """Cuts every connection and refuses new ones."""
        self.online = False
        await self._listener.close()

    async def network_up(self) -> None:
        """Listens again on the same port."""
        await self._listener.open()
        self.online = True

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """The network is gone inside the block."""
        await self.network_down()
        try:
            yield
        finally:
            await self.network_up()

    # waiting

    def touch(self) -> None:
        """Something changed: who waits looks again."""
        for waiter in self._waiters:
            waiter.set()

    async def until(self, predicate: Callable[[], Found | None], timeout: float = 15.0) -> Found:
        """The first true value of the predicate, looked at when something happens; AssertionError after `timeout` s."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    waiter.clear()
                    await waiter.wait()
                return found
        except TimeoutError:
            last = [f"{call.method} {call.params}" for call in self.calls[-5:]]
            refused = [f"{one.method} -> {one.code} {one.description}" for one in self.refusals[-5:]]
            raise AssertionError(f"not within {timeout} s; last calls {last}, last refusals {refused}, "
                                 f"{len(self.updates.pending)} updates waiting") from None
        finally:
            self._waiters.discard(waiter)

    # the wire

    async def handle(self, request: Request) -> Answer:
        """One HTTP request. A mistake of the fake's own is a 500 here and an error when it is closed."""
        try:
            if self.control is not None and request.path.startswith("/control/"):
                return await self.control(request)
            return await self._answer(request)
        except Exception as error:
            self.crashes.append(error)
            return Answer.of(500, Refusal(500, f"Internal Server Error: {error!r}").body())

    async def _answer(self, request: Request) -> Answer:
        match = re.fullmatch(r"/bot([^/]*)/(?:test/)?([^/]+)/?", request.path)
        if match is None or not re.fullmatch(r"\d+:[\w-]+", match[1], re.ASCII):
            return Answer.of(404, Refusal(404, "Not Found").body())
        token, method = match.groups()
        try:
            if token != self.token:
                raise Refusal(401, "Unauthorized: invalid token specified" if token.startswith("0") else "Unauthorized")
            params = read_params(request.query, request.content_type, request.body)
        except Refusal as refusal:
            return self._refused(method, Params(), refusal)
        return await self._call(method, params, request)

    async def _call(self, method: str, params: Params, request: Request) -> Answer:
        fault = next((one for one in self.faults if one.strikes(method.lower(), params.text("chat_id"))), None)
        try:
            if fault is not None:
                self.touch()
                if fault.delay:
                    await self.sleep(fault.delay)
                if fault.hold:
                    await fault.gate.wait()
                if fault.drop == "before":
                    return CUT
                if refusal := fault.refusal():
                    raise refusal
                if fault.body is not None and fault.status is not None:
                    return Answer(fault.status, fault.body.encode())
            result = await self._run(method, params, request)
        except Refusal as refusal:
            return self._refused(method, params, refusal)
        if fault is not None and fault.drop == "after":
            return CUT
        if fault is not None and fault.body is not None:
            return Answer(200, fault.body.encode())
        return Answer.of(200, {"ok": True, "result": result})

    async def _run(self, method: str, params: Params, request: Request) -> Any:
        name = method.lower()
        if name == "getupdates":
            return await self._poll(params, request)
        if refusal := self.flood.refusal(name, params.text("chat_id"), self.now()):
            raise refusal
        own = {"setwebhook": self.updates.set_webhook, "deletewebhook": self.updates.delete_webhook,
               "getwebhookinfo": lambda _: self.updates.webhook_info()}.get(name)
        result = own(params) if own else method_named(method)(self.world, params)
        self.calls.append(Call(method, params.readable(), self.now(), result))
        self.touch()
        return result

    async def _poll(self, params: Params, request: Request) -> list[Json]:
        """Ends early when the client hangs up, so that a killed bot does not count as a second poller."""
        work = asyncio.ensure_future(self.updates.get_updates(params))
        hangup = asyncio.ensure_future(request.gone())
        try:
            await asyncio.wait({work, hangup}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else []
        finally:
            work.cancel()
            hangup.cancel()

    def _refused(self, method: str, params: Params, refusal: Refusal) -> Answer:
        self.refusals.append(Refused(method, params.readable(), self.now(), refusal.code, refusal.description))
        self.touch()
        return Answer.of(refusal.code, refusal.body())
