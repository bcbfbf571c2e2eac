"""A strict fake of Telegram's Bot API over real HTTP on loopback, for tests, soaks and demos."""
from assistant.fakeapi.api import TOKEN, Call, FakeBotApi, Refused
from assistant.fakeapi.people import Group, InlineQuery, Person, Tap
from assistant.fakeapi.views import Button, ChatView, Shown

__all__ = ["TOKEN", "Button", "Call", "ChatView", "FakeBotApi", "Group", "InlineQuery", "Person", "Refused", "Shown", "Tap"]
