"""A Telegram update -> what we use of it, as a frozen value. Telegram's own objects go no further than here."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from telegram import CallbackQuery, Chat, ChatMemberUpdated, InlineQuery, Message, Update, User

from assistant.domain import Incoming
from assistant.redact import mask

ALLOWED = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")
_UNREAD_CODE = "/start [邀请码]"


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update that concerns us: a text, an edit, a press, an inline query, or a person who left or came back.

    `message` is the number of the text, or of the message under which a key was pressed; `query` waits for an answer.
    """

    update: int
    kind: str
    chat: int
    person: str
    at: datetime
    name: str = ""
    text: str = ""
    action: str = ""
    message: int = 0
    query: str = ""
    group: bool = False

    def incoming(self, edits: int = 0) -> Incoming:
        """The same for the handlers."""
        return Incoming(self.person, self.text, self.at, self.action, "group" if self.group else "telegram", edits, self.name)

    def kept(self) -> dict[str, object]:
        """What may lie on the disk until it is answered: masked, and without the code of an invitation. After a stop the
        answer is made from this, else from the text as it came."""
        text = _UNREAD_CODE if re.match(r"/start\s+\S", self.text) else mask(self.text)
        return asdict(replace(self, text=text, name=mask(self.name))) | {"at": self.at.isoformat()}


def restored(body: Mapping) -> Arrived:
    """An update as it was kept."""
    return Arrived(**{**body, "at": datetime.fromisoformat(body["at"])})


def arrived(update: Update, me: User, at: datetime) -> Arrived | None:
    """What the update means for us, or None: in groups only commands and mentions do, of bots and channels nothing."""
    common = {"update": update.update_id, "at": at}
    if update.callback_query is not None:
        return _pressed(update.callback_query, common)
    if update.inline_query is not None:
        return _typing(update.inline_query, common)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, common)
    message = update.message or update.edited_message
    if message is None:
        return None
    return _written(message, me, common | {"kind": "edit" if update.edited_message is not None else "text"})


def _who(user: User) -> dict[str, str]:
    return {"person": str(user.id), "name": user.full_name}


def _written(message: Message, me: User, common: dict) -> Arrived | None:
    sender = message.from_user
    if sender is None or sender.is_bot or message.via_bot is not None or message.sender_chat is not None:
        return None
    group = message.chat.type != Chat.PRIVATE
    text = message.text if message.text is not None else message.caption or ""
    if group:
        text = _addressed(text, me.username)
    elif not text and message.effective_attachment is None:
        return None  # a service message
    else:
        text = re.sub(rf"^(/\w+)@{re.escape(me.username or '')}\b", r"\1", text, flags=re.IGNORECASE)
    if text is None:
        return None
    return Arrived(**common, **_who(sender), chat=message.chat.id, text=text, message=message.message_id, group=group)


def _addressed(text: str, bot: str | None) -> str | None:
    """The text of a group message without the bot's name, or None where it is not meant for the bot."""
    bot = re.escape(bot or "")
    if command := re.match(r"(/\w+)(?:@(\w+))?", text, re.ASCII):
        ours = command[2] is None or re.fullmatch(bot, command[2], re.IGNORECASE)
        return command[1] + text[command.end():] if ours else None
    bare, count = re.subn(rf"@{bot}\b", " ", text, flags=re.IGNORECASE | re.ASCII)
    return " ".join(bare.split()) if count else None


def _pressed(query: CallbackQuery, common: dict) -> Arrived | None:
    if query.message is None or query.data is None:
        return None
    chat = query.message.chat
    return Arrived(**common, **_who(query.from_user), kind="press", chat=chat.id, action=query.data,
                   message=query.message.message_id, query=query.id, group=chat.type != Chat.PRIVATE)


def _typing(query: InlineQuery, common: dict) -> Arrived:
    return Arrived(**common, **_who(query.from_user), kind="inline", chat=query.from_user.id, text=query.query, query=query.id)


def _membership(change: ChatMemberUpdated, common: dict) -> Arrived | None:
    if change.chat.type != Chat.PRIVATE:
        return None
    gone = change.new_chat_member.status in ("kicked", "left")
    return Arrived(**common, **_who(change.from_user), kind="left" if gone else "back", chat=change.chat.id)
