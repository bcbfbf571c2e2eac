"""The bot's conversation without a token: a fake Telegram, the real bot, and a screen in the terminal."""
from __future__ import annotations

from assistant.fakeapi import ChatView, Shown


def shown(message: Shown) -> str:
    """A message as a person sees it: who, what, and the keys under it."""
    rows = (" ".join(f"[{button.label}]" for button in row) for row in message.buttons)
    return "\n".join((f"{message.sender}：{message.text}", *rows))


def transcript(chat: ChatView) -> str:
    """A chat from its first message to its last, as it looks now."""
    return "\n".join(shown(message) for message in chat.messages)
