"""A chat as a person sees it now: edits applied, deleted messages gone, buttons under their message."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.fakeapi.keyboards import actions
from assistant.fakeapi.markup import covered
from assistant.fakeapi.world import Chat, Json, World


@dataclass(frozen=True, slots=True)
class Button:
    """`kind` is Telegram's field, such as callback_data or copy_text; `value` what is sent, copied or opened."""

    label: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A message on a person's screen. `marks` are (entity type, covered text); `raw` is Telegram's Message."""

    id: int
    chat: int
    sender: str
    from_bot: bool
    text: str
    buttons: tuple[tuple[Button, ...], ...]
    marks: tuple[tuple[str, str], ...]
    edited: bool
    reply_to: int | None
    poll: Json | None
    raw: Json
    reaction: str = ""
    inline_id: str = ""

    @property
    def labels(self) -> list[str]:
        """The labels of all buttons, row by row."""
        return [button.label for row in self.buttons for button in row]

    def button(self, wanted: str) -> Button:
        """The button with this label or callback data. Raises ValueError with those that are there."""
        for button in (button for row in self.buttons for button in row):
            if wanted == button.label or wanted == button.value and button.kind == "callback_data":
                return button
        raise ValueError(f"no button {wanted!r} under message {self.id}, only {self.labels}")


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat on a person's screen; `actions` are the signs of life the bot sent, such as typing."""

    id: int
    title: str
    messages: tuple[Shown, ...]
    actions: tuple[str, ...]

    @property
    def by_bot(self) -> list[Shown]:
        """What the bot wrote, oldest first."""
        return [message for message in self.messages if message.from_bot]

    @property
    def last(self) -> Shown | None:
        """The newest message."""
        return self.messages[-1] if self.messages else None


def show(world: World, message: Json, inline_id: str = "") -> Shown:
    """A stored message as it stands."""
    now = world.current(message)
    chat = world.chats.get(now["chat"]["id"])
    keyboard = now.get("reply_markup", {}).get("inline_keyboard", [])
    return Shown(
        id=now["message_id"], chat=now["chat"]["id"], sender=now["from"]["first_name"], from_bot=world.from_bot(now),
        text=now.get("text", now.get("caption", "")),
        buttons=tuple(tuple(_button(one) for one in row) for row in keyboard),
        marks=tuple((entity["type"], covered(now["text"], entity)) for entity in now.get("entities", [])),
        edited="edit_date" in now and "text" in now, reply_to=now.get("reply_to_message", {}).get("message_id"),
        poll=now.get("poll"), raw=now, reaction=chat.reactions.get(now["message_id"], "") if chat else "",
        inline_id=inline_id)


def _button(given: dict[str, Any]) -> Button:
    kind = actions(given)[0]
    value = given[kind]
    held = value.get("text", value.get("url", "")) if isinstance(value, dict) else value
    return Button(given["text"], kind, str(held))


def show_chat(world: World, chat: Chat) -> ChatView:
    """The whole chat."""
    title = chat.names.get("title") or chat.names.get("first_name", "")
    return ChatView(chat.id, title, tuple(show(world, chat.messages[key]) for key in sorted(chat.messages)),
                    tuple(chat.actions))
