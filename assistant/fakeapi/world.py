"""What the fake knows: the bot, people, chats with their messages, polls and open queries."""
from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import Refusal, bad, forbidden

Json = dict[str, Any]
FIRST_SUPERGROUP = -1_001_000_000_001


@dataclass(slots=True)
class Chat:
    """A chat as the server keeps it: `bot` is the bot's status in a group; private ones are `started` and `blocked`."""

    id: int
    type: str
    names: Json
    bot: str = "member"
    started: bool = False
    blocked: bool = False
    muted: bool = False
    upgraded_to: int | None = None
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    uneditable: set[int] = field(default_factory=set)
    actions: list[str] = field(default_factory=list)
    reactions: dict[int, str] = field(default_factory=dict)
    own_counter: int = 0

    def card(self) -> Json:
        """The Chat object that Telegram sends."""
        return {"id": self.id, "type": self.type, **self.names}


@dataclass(slots=True)
class Poll:
    """A poll and who chose what; `votes` maps a person to option positions."""

    body: Json
    chat: int
    message_id: int
    solution: Json = field(default_factory=dict)
    votes: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def shown(self) -> Json:
        """The Poll object with its counts."""
        counts = [sum(place in chosen for chosen in self.votes.values()) for place in range(len(self.body["options"]))]
        options = [{**option, "voter_count": count} for option, count in zip(self.body["options"], counts, strict=True)]
        return {**self.body, "options": options, "total_voter_count": len(self.votes), **self.solution}


@dataclass(slots=True)
class Query:
    """A callback or inline query that waits for its answer; `asked` is in seconds."""

    id: str
    kind: str
    person: int
    asked: float
    answer: Json | None = None


@dataclass
class World:
    """Everything there is. `push` hands an update to the bot, `changed` wakes who waits for something to happen."""

    me: Json
    now: Callable[[], float]
    push: Callable[[str, Json], None]
    privacy: bool = True
    callback_seconds: float = 15
    inline_seconds: float = 10
    people: dict[int, Json] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    chats: dict[int, Chat] = field(default_factory=dict)
    polls: dict[str, Poll] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    inline_messages: dict[str, Json] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, list[Json]] = field(default_factory=dict)
    counter: int = 0
    serial: int = 0

    def date(self) -> int:
        """Unix time in whole seconds."""
        return int(self.now())

    def next_serial(self) -> str:
        """A new id for a query or a poll."""
        self.serial += 1
        return str(7_000_000_000 + self.serial)

    def next_message_id(self, chat: Chat) -> int:
        """One counter for all private chats and basic groups of the bot, an own one for each supergroup."""
        if chat.type == "supergroup":
            chat.own_counter += 1
            return chat.own_counter
        self.counter += 1
        return self.counter

    def private(self, person: int) -> Chat:
        """The chat of a person with the bot, made when it is first needed."""
        if person not in self.chats:
            user = self.people[person]
            names = {key: user[key] for key in ("first_name", "last_name", "username") if key in user}
            self.chats[person] = Chat(person, "private", names)
        return self.chats[person]

    def chat_named(self, value: str) -> Chat:
        """The chat that a `chat_id` means, if the bot knows it: a person whom it never met is not found."""
        if not value:
            raise bad("chat_id is empty")
        if value.startswith("@"):
            found = [chat for chat in self.chats.values() if chat.type == "supergroup"
                     and chat.names.get("username", "").lower() == value[1:].lower()]
            if found:
                return found[0]
        elif re.fullmatch(r"-?\d+", value, re.ASCII):
            number = int(value)
            if number in self.seen:
                return self.private(number)
            if number in self.chats and number < 0:
                return self.chats[number]
        raise bad("chat not found")

    def visible_chat(self, value: str) -> Chat:
        """The same chat, when the bot may look at it; else what Telegram says about it."""
        chat = self.chat_named(value)
        if chat.upgraded_to is not None:
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat",
                          {"migrate_to_chat_id": chat.upgraded_to})
        if chat.bot == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        if chat.bot == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat

    def open_chat(self, value: str) -> Chat:
        """The same chat, when the bot may act there: not with somebody who never started it or blocked it."""
        chat = self.visible_chat(value)
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.type == "private" and not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        return chat

    def chat_to_write(self, params: Params) -> Chat:
        """The chat of a send method."""
        chat = self.open_chat(params.text("chat_id"))
        if chat.muted:
            raise bad("not enough rights to send text messages to the chat")
        if params.integer("message_thread_id"):
            raise bad("message thread not found")
        if params.text("business_connection_id"):
            raise bad("business connection not found")
        return chat

    def take_query(self, query_id: str, kind: str) -> Query | None:
        """The open query with this id, None when it is unknown, answered or too old."""
        query = self.queries.get(query_id)
        limit = self.callback_seconds if kind == "callback" else self.inline_seconds
        if query is None or query.kind != kind or query.answer is not None or self.now() - query.asked > limit:
            return None
        return query

    def keep(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Stores a new message and returns it."""
        number = self.next_message_id(chat)
        message = {"message_id": number, "from": sender, "chat": chat.card(), "date": self.date(), **content}
        chat.messages[number] = message
        return message

    def current(self, message: Json) -> Json:
        """A copy of a message as it stands, with its poll's counts of now."""
        found = copy.deepcopy(message)
        if found.get("poll", {}).get("id") in self.polls:  # not a person's own poll
            found["poll"] = self.polls[found["poll"]["id"]].shown()
        return found

    def from_bot(self, message: Json) -> bool:
        """Whether the bot wrote it."""
        return message["from"]["id"] == self.me["id"]

    def introduce(self, entities: list[Json]) -> list[Json]:
        """Mentions by id become mentions of that person; of somebody unknown to the bot they are dropped."""
        return [{**entity, "user": self.people[entity["user"]["id"]]} if entity["type"] == "text_mention" else entity
                for entity in entities if entity["type"] != "text_mention" or entity["user"]["id"] in self.seen]
