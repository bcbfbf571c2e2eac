"""People and groups: what they do becomes updates for the bot, what they see comes from the chat."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.fakeapi import polls
from assistant.fakeapi.markup import find_entities
from assistant.fakeapi.views import Button, ChatView, Shown, show, show_chat
from assistant.fakeapi.world import Chat, Json, Query, World

if TYPE_CHECKING:
    from assistant.fakeapi.api import FakeBotApi


@dataclass(frozen=True, slots=True)
class Tap:
    """A button that was pressed. Only a callback button asks the bot; the others act on the person's own device."""

    button: Button
    query: Query | None
    until: Callable[..., Any]

    async def answered(self, timeout: float = 15.0) -> Json:
        """{"text", "alert"} that the bot answered; an AssertionError if it never does."""
        if self.query is None:
            raise ValueError(f"{self.button.label} is a {self.button.kind} button: the bot never hears of it")
        return await self.until(lambda: self.query.answer, timeout)


@dataclass(frozen=True, slots=True)
class InlineQuery:
    """What a person typed after @bot in some chat."""

    query: Query
    text: str
    until: Callable[..., Any]

    async def results(self, timeout: float = 15.0) -> list[Json]:
        """The offered results: id, title, description, content, markup."""
        return (await self.until(lambda: self.query.answer, timeout))["results"]


class Group:
    """A basic group or supergroup. The bot is in it from the start unless it was made with bot=False."""

    def __init__(self, api: FakeBotApi, chat: Chat) -> None:
        self.api, self.state = api, chat
        self.id = chat.id

    @property
    def view(self) -> ChatView:
        """The group as its members see it."""
        return show_chat(self.api.world, self.state)

    async def invite(self, by: Person) -> None:
        """A member adds the bot: my_chat_member, then the service message."""
        self._bot_becomes("member", by)
        message = self.api.world.keep(self.state, by.user, {"new_chat_members": [self.api.world.me]})
        self.api.tell("message", message)

    async def kick(self, by: Person) -> None:
        """A member throws the bot out."""
        self._bot_becomes("kicked", by)

    async def promote(self, by: Person) -> None:
        """The bot becomes an administrator and sees everything that is written."""
        self._bot_becomes("administrator", by)

    def mute(self, muted: bool = True) -> None:
        """The bot may no longer write, or may again."""
        self.state.muted = muted

    async def upgrade(self) -> Group:
        """The basic group becomes a supergroup with another id; the old id only names the new one."""
        other = self.api.group(self.state.names["title"], supergroup=True)
        other.state.members, self.state.upgraded_to = dict(self.state.members), other.id
        owner = self.api.world.people[next(iter(self.state.members))]
        self.api.tell("message", self.api.world.keep(self.state, owner, {"migrate_to_chat_id": other.id}))
        self.api.tell("message", self.api.world.keep(other.state, owner, {"migrate_from_chat_id": self.id}))
        return other

    def _bot_becomes(self, status: str, by: Person) -> None:
        old, self.state.bot = self.state.bot, status
        by.meets(self.state)
        self.api.tell_membership(self.state, by.user, old, status)


class Person:
    """Somebody with a Telegram app. All that they do is a coroutine; the bot has heard of it when it returns."""

    def __init__(self, api: FakeBotApi, user: Json) -> None:
        self.api, self.user = api, user
        self.id: int = user["id"]
        self.clipboard = ""
        self._read: dict[int, int] = {}

    @property
    def world(self) -> World:
        return self.api.world

    @property
    def chat(self) -> ChatView:
        """The private chat with the bot as it looks now."""
        return show_chat(self.world, self.world.private(self.id))

    def meets(self, chat: Chat) -> None:
        """The bot has now seen this person there."""
        self.world.seen.add(self.id)
        if chat.type == "private":
            chat.started = True
        else:
            chat.members.setdefault(self.id, "member")

    def _chat(self, group: Group | None) -> Chat:
        return self.world.private(self.id) if group is None else group.state

    async def say(self, text: str, group: Group | None = None, reply_to: Shown | int | None = None) -> Shown:
        """Writes a text, in private by default."""
        entities = find_entities(text)
        content = {"text": text, "entities": entities} if entities else {"text": text}
        return await self.send(group, reply_to, **content)

    async def start(self, payload: str = "") -> Shown:
        """Presses Start, which also ends a block."""
        if self.world.private(self.id).blocked:
            await self.unblock()
        return await self.say(f"/start {payload}".strip())

    async def send(self, group: Group | None = None, reply_to: Shown | int | None = None, **content: Any) -> Shown:
        """Sends any content in Telegram's fields: voice={...}, sticker={...}, a forward_origin with a text."""
        chat = self._chat(group)
        if chat.blocked:
            raise ValueError(f"{self.user['first_name']} blocked the bot: unblock first")
        target = reply_to.id if isinstance(reply_to, Shown) else reply_to
        if target is not None:
            quoted = self.world.current(chat.messages[target])
            quoted.pop("reply_to_message", None)
            content["reply_to_message"] = quoted
        message = self.world.keep(chat, self.user, content)
        self._read[chat.id] = message["message_id"]
        if self._reaches_bot(chat, message):
            self.meets(chat)
            self.api.tell("message", message)
        return show(self.world, message)

    def _reaches_bot(self, chat: Chat, message: Json) -> bool:
        """Privacy mode: of a group the bot gets commands, mentions of it and replies to it."""
        if chat.type == "private":
            return True
        if chat.bot not in ("member", "administrator"):
            return False
        name = f"@{self.world.me['username'].lower()}"
        marks = [(kind, text.lower()) for kind, text in show(self.world, message).marks]
        return (chat.bot == "administrator" or not self.world.privacy
                or any(kind == "bot_command" and ("@" not in text or text.endswith(name)) for kind, text in marks)
                or ("mention", name) in marks
                or message.get("reply_to_message", {}).get("from", {}).get("id") == self.world.me["id"])

    async def edit(self, message: Shown | int, text: str, group: Group | None = None) -> Shown:
        """Changes an own message."""
        chat = self._chat(group)
        stored = chat.messages[message.id if isinstance(message, Shown) else message]
        if stored["from"]["id"] != self.id:
            raise ValueError("people edit their own messages only")
        stored.update({"text": text, "entities": find_entities(text), "edit_date": self.world.date()})
        if self._reaches_bot(chat, stored):
            self.api.tell("edited_message", stored)
        return show(self.world, stored)

    async def delete(self, message: Shown | int, group: Group | None = None) -> None:
        """Takes a message away for everybody, in private also one of the bot's. Telegram tells no bot."""
        del self._chat(group).messages[message.id if isinstance(message, Shown) else message]

    async def tap(self, message: Shown | int, button: str, group: Group | None = None) -> Tap:
        """Presses a button by its label or callback data.

        A Shown is tapped as it was when it was seen, which may be out of date; an id means the message of now.
        """
        if isinstance(message, int):
            message = show(self.world, self._chat(group).messages[message])
        return await self.press(message, message.button(button))

    async def press(self, message: Shown, button: Button) -> Tap:
        """Presses any button, also one that is not there: apps can be made to send what they like."""
        if button.kind == "copy_text":
            self.clipboard = button.value
        if button.kind == "switch_inline_query_current_chat":
            await self.inline(button.value)
        if button.kind != "callback_data":
            return Tap(button, None, self.api.until)
        query = self._asks("callback")
        body: Json = {"id": query.id, "from": self.user, "data": button.value,
                      "chat_instance": str(91_000 + message.chat)}
        if message.inline_id:
            body["inline_message_id"] = message.inline_id
        else:
            chat = self.world.chats[message.chat]
            stored = chat.messages.get(message.id)
            body["message"] = self.world.current(stored) if stored else {
                "chat": chat.card(), "message_id": message.id, "date": 0}
            self._read[chat.id] = max(chat.messages, default=0)
        self.api.tell("callback_query", body)
        return Tap(button, query, self.api.until)

    def _asks(self, kind: str) -> Query:
        query = Query(self.world.next_serial(), kind, self.id, self.world.now())
        self.world.queries[query.id] = query
        return query

    async def inline(self, text: str, offset: str = "") -> InlineQuery:
        """Types after @bot in some chat."""
        self.world.seen.add(self.id)
        query = self._asks("inline")
        self.api.tell("inline_query", {"id": query.id, "from": self.user, "query": text, "offset": offset,
                                       "chat_type": "private"})
        return InlineQuery(query, text, self.api.until)

    async def choose(self, inline: InlineQuery, result_id: str, group: Group | None = None) -> Shown:
        """Sends an offered result to a group, or to somebody whom the bot does not see."""
        offered = (inline.query.answer or {}).get("results", [])
        result = next(one for one in offered if one["id"] == result_id)
        chat = group.state if group else Chat(0, "private", {"first_name": "somebody"})
        content = {**result["content"], "via_bot": self.world.me}
        body = {"result_id": result_id, "from": self.user, "query": inline.text}
        inline_id = ""
        if result["markup"]:
            content["reply_markup"] = result["markup"]
            inline_id = body["inline_message_id"] = f"AQ{self.world.next_serial()}"
        message = self.world.keep(chat, self.user, content)
        if inline_id:
            self.world.inline_messages[inline_id] = message
        self.api.tell("chosen_inline_result", body)
        if group and chat.bot in ("member", "administrator"):
            self.api.tell("message", message)
        return show(self.world, message, inline_id)

    async def block(self) -> None:
        """Stops the bot."""
        chat = self.world.private(self.id)
        chat.blocked = True
        self.api.tell_membership(chat, self.user, "member", "kicked")

    async def unblock(self) -> None:
        """Lets the bot write again."""
        chat = self.world.private(self.id)
        chat.blocked = False
        self.api.tell_membership(chat, self.user, "kicked", "member")

    async def vote(self, message: Shown | str, *places: int) -> None:
        """Answers a poll by its options' positions; none takes the answer back. ValueError if it is not allowed."""
        poll_id = message.raw["poll"]["id"] if isinstance(message, Shown) else message
        polls.cast(self.world, self.world.polls[poll_id], self.id, places)
        self.api.touch()

    async def reply(self, after: Shown | int | None = None, group: Group | None = None,
                    timeout: float = 15.0) -> Shown:
        """The bot's first message after this one, by default after what the person last did in the chat."""
        chat = self._chat(group)
        mark = after.id if isinstance(after, Shown) else after
        mark = self._read.get(chat.id, 0) if mark is None else mark
        return await self.api.until(lambda: next(
            (one for one in show_chat(self.world, chat).by_bot if one.id > mark), None), timeout)

    async def sees(self, text: str, group: Group | None = None, timeout: float = 15.0) -> Shown:
        """The newest message of the bot with this text in it, also after an edit."""
        chat = self._chat(group)
        return await self.api.until(lambda: next(
            (one for one in reversed(show_chat(self.world, chat).by_bot) if text in one.text), None), timeout)
