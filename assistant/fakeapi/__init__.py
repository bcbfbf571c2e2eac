"""A strict fake of Telegram's Bot API over real HTTP on loopback, for tests, soaks and demos.

    async with FakeBotApi() as api:                # a bot polls api.base_url with api.token
        li = api.person(7, "小李")
        await li.say("太贵了")
        reply = await li.reply()                    # waits for the bot
        tap = await li.tap(reply, "换一句")
        assert (await tap.answered())["text"] == "好"
        assert (await li.sees("先算保障")).edited   # api.calls, api.refusals and api.chat(7) hold the rest

From another process: python -m assistant.fakeapi, driven by JSON under /control/.
"""
from assistant.fakeapi.api import TOKEN, Call, FakeBotApi, Refused
from assistant.fakeapi.people import Group, InlineQuery, Person, Tap
from assistant.fakeapi.views import Button, ChatView, Shown

__all__ = ["TOKEN", "Button", "Call", "ChatView", "FakeBotApi", "Group", "InlineQuery", "Person", "Refused", "Shown",
           "Tap"]
