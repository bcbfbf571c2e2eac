"""The fake driven from another process: JSON over HTTP under /control/, so that a soak can kill the bot and watch.

Every action is a POST with a JSON object, or a GET with the same fields in the address.
"""
from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import parse_qsl

from assistant.fakeapi.api import FakeBotApi
from assistant.fakeapi.faults import Fault
from assistant.fakeapi.people import Group, Person, Tap
from assistant.fakeapi.server import Answer, Request
from assistant.fakeapi.views import Shown

Data = dict[str, Any]


class Control:
    """The endpoints; `routes` names them all."""

    def __init__(self, api: FakeBotApi) -> None:
        self.api = api
        self.routes: dict[str, Callable[[Data], Awaitable[Any]]] = {
            name.removeprefix("_on_"): getattr(self, name) for name in dir(self) if name.startswith("_on_")}

    async def handle(self, request: Request) -> Answer:
        """One HTTP request; bad input is a 400 with a sentence, a wait that ran out a 408."""
        route = self.routes.get(request.path.strip("/").removeprefix("control/"))
        if route is None:
            return Answer.of(404, {"error": f"no such action; there are {', '.join(sorted(self.routes))}"})
        try:
            data = {name: _value(value) for name, value in parse_qsl(request.query)}
            data |= json.loads(request.body or b"{}")
            return Answer.of(200, {"result": await route(data)})
        except AssertionError as error:
            return Answer.of(408, {"error": str(error)})
        except (KeyError, ValueError, TypeError, StopIteration, AttributeError) as error:
            return Answer.of(400, {"error": f"{type(error).__name__}: {error}"})

    def _person(self, data: Data) -> Person:
        return self.api.person(int(data["person"]), str(data.get("name", "")))

    def _group(self, data: Data) -> Group | None:
        if not data.get("group"):
            return None
        return Group(self.api, self.api.world.chats[int(data["group"])])

    def _message(self, data: Data) -> Shown:
        chat = self.api.chat(int(data.get("group") or data["person"]))
        found = [one for one in chat.messages if one.id == int(data["message"])]
        if not found:
            there = [one.id for one in chat.messages]
            raise ValueError(f"no message {data['message']} in chat {chat.id}, only {there}")
        return found[0]

    async def _on_person(self, data: Data) -> Any:
        return self._person(data).user

    async def _on_group(self, data: Data) -> Any:
        people = [self.api.person(int(one)) for one in data.get("people", [])]
        return self.api.group(data["title"], *people, supergroup=bool(data.get("supergroup")),
                              bot=bool(data.get("bot", True))).id

    async def _on_say(self, data: Data) -> Any:
        return asdict(await self._person(data).say(str(data["text"]), self._group(data), data.get("reply_to")))

    async def _on_start(self, data: Data) -> Any:
        return asdict(await self._person(data).start(str(data.get("payload", ""))))

    async def _on_edit(self, data: Data) -> Any:
        return asdict(await self._person(data).edit(int(data["message"]), str(data["text"]), self._group(data)))

    async def _on_tap(self, data: Data) -> Any:
        tap: Tap = await self._person(data).tap(self._message(data), str(data["button"]))
        answer = await tap.answered(float(data["wait"])) if data.get("wait") and tap.query else None
        return {"kind": tap.button.kind, "value": tap.button.value, "query": tap.query.id if tap.query else None,
                "answer": answer}

    async def _on_vote(self, data: Data) -> Any:
        await self._person(data).vote(self._message(data), *data["options"])

    async def _on_inline(self, data: Data) -> Any:
        asked = await self._person(data).inline(str(data["text"]))
        return await asked.results(float(data.get("wait", 5)))

    async def _on_block(self, data: Data) -> Any:
        await self._person(data).block()

    async def _on_unblock(self, data: Data) -> Any:
        await self._person(data).unblock()

    async def _on_reply(self, data: Data) -> Any:
        found = await self._person(data).reply(data.get("after"), self._group(data), float(data.get("wait", 5)))
        return asdict(found)

    async def _on_chat(self, data: Data) -> Any:
        return asdict(self.api.chat(int(data.get("group") or data["person"])))

    async def _on_calls(self, data: Data) -> Any:
        """Accepted calls from number `since`, of one `method` if it is named."""
        calls = enumerate(self.api.calls[int(data.get("since", 0)):], int(data.get("since", 0)))
        return [{"number": number, **asdict(call)} for number, call in calls
                if data.get("method", call.method).lower() == call.method.lower()]

    async def _on_refusals(self, data: Data) -> Any:
        return [asdict(one) for one in self.api.refusals[int(data.get("since", 0)):]]

    async def _on_state(self, data: Data) -> Any:
        """Counts: calls, refusals, updates that wait and that were confirmed, whether somebody polls."""
        return {"calls": len(self.api.calls), "refusals": len(self.api.refusals), "online": self.api.online,
                "pending": len(self.api.updates.pending), "delivered": self.api.updates.delivered,
                "polling": self.api.updates.polling, "webhook": self.api.updates.webhook_info()["url"]}

    async def _on_raw(self, data: Data) -> Any:
        self.api.raw(data["update"])

    async def _on_inject(self, data: Data) -> Any:
        known = {field.name for field in fields(Fault)} - {"gate", "met", "method"}
        self.api.inject(str(data.get("method", "")), **{name: data[name] for name in known & data.keys()})

    async def _on_heal(self, data: Data) -> Any:
        self.api.heal()

    async def _on_flood(self, data: Data) -> Any:
        self.api.flood.on = bool(data["on"])

    async def _on_network(self, data: Data) -> Any:
        """The bot's port closes or opens; this one stays open."""
        if bool(data["up"]) != self.api.online:
            await (self.api.network_up() if data["up"] else self.api.network_down())

    async def _on_wait(self, data: Data) -> Any:
        """Until nothing waits for the bot any more."""
        await self.api.until(lambda: not self.api.updates.pending, float(data.get("wait", 5)))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
