"""The fake driven over HTTP: in another process, and action by action."""
from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from assistant.fakeapi import FakeBotApi
from assistant.fakeapi.control import Control
from tests.conftest import ROOT
from tests.telegram_fixtures import refusal


async def test_it_lives_in_another_process_and_is_driven_over_http():
    process = subprocess.Popen([sys.executable, "-m", "assistant.fakeapi", "--port", "0", "--token", "5:abc"], cwd=ROOT,
                               stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        place = json.loads(await asyncio.to_thread(process.stdout.readline))

        async def ask(address: str, **data) -> dict:
            def go() -> dict:
                request = urllib.request.Request(address, json.dumps(data).encode() if data else None,
                                                 {"Content-Type": "application/json"})
                try:
                    return json.load(urllib.request.urlopen(request))
                except urllib.error.HTTPError as error:
                    return json.load(error)
            return await asyncio.to_thread(go)

        async def drive(action: str, **data):
            return await ask(f"{place['control']}/{action}", **data)

        tell = f"{place['base_url']}{place['token']}"
        assert (await drive("person", person=7, name="小李"))["result"]["first_name"] == "小李"
        await drive("say", person=7, text="太贵了")
        sent = await ask(f"{tell}/sendMessage", chat_id=7, text="我懂", reply_markup={
            "inline_keyboard": [[{"text": "换一句", "callback_data": "n"}, {"text": "抄", "copy_text": {"text": "我懂"}}]]})
        reply = (await drive("reply", person=7))["result"]
        assert (sent["ok"], reply["text"], reply["buttons"][0][0]["label"]) == (True, "我懂", "换一句")
        tap = (await drive("tap", person=7, message=2, button="换一句"))["result"]
        assert (await ask(f"{tell}/answerCallbackQuery", callback_query_id=tap["query"]))["result"] is True
        assert (await drive("tap", person=7, message=2, button="抄"))["result"]["value"] == "我懂"
        assert len((await ask(f"{tell}/getUpdates"))["result"]) == 2
        await drive("inject", method="sendMessage", status=502)
        assert (await ask(f"{tell}/sendMessage", chat_id=7, text="x"))["error_code"] == 502
        await drive("block", person=7)
        assert "bot was blocked" in (await ask(f"{tell}/sendMessage", chat_id=7, text="x"))["description"]
        assert [call["method"] for call in (await drive("calls"))["result"]] == ["sendMessage", "answerCallbackQuery"]
        assert [one["code"] for one in (await drive("refusals"))["result"]] == [502, 403]
        assert [one["text"] for one in (await drive("chat", person=7))["result"]["messages"]] == ["太贵了", "我懂"]
        await drive("network", up=False)
        with pytest.raises(OSError):
            await ask(f"{tell}/getMe")
        await drive("network", up=True)
        state = (await drive("state"))["result"]
        assert (state["calls"], state["refusals"], state["pending"], state["online"]) == (2, 2, 3, True)
        assert "no message 99" in (await drive("tap", person=7, message=99, button="x"))["error"]
        assert "there are block, calls" in (await drive("dance"))["error"]
        assert "not within" in (await drive("reply", person=7, after=2, wait=0.01))["error"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def test_every_control_action_does_what_a_person_would(api, bot, clock):
    api.control = Control(api).handle

    async def drive(action: str, **data):
        def go():
            request = urllib.request.Request(f"{api.origin}/control/{action}", json.dumps(data).encode())
            try:
                return json.load(urllib.request.urlopen(request))
            except urllib.error.HTTPError as error:
                return json.load(error)
        found = await asyncio.to_thread(go)
        return found.get("result", found.get("error"))

    await drive("person", person=7, name="小李")
    await drive("start", person=7, payload="team")
    await drive("edit", person=7, message=1, text="/start 改")
    group = await drive("group", title="早会", people=[7], supergroup=True)
    await drive("say", person=7, text="/quiz", group=group)
    await bot.send_poll(group, "问", ["甲", "乙"], is_anonymous=False)
    await drive("vote", person=7, group=group, message=2, options=[1])
    await drive("block", person=7)
    await drive("unblock", person=7)
    await drive("raw", update={"message": 5})
    raw = await bot._post("getUpdates")
    assert [(set(update) - {"update_id"}).pop() for update in raw] == [
        "message", "edited_message", "message", "poll_answer", "poll", "my_chat_member", "my_chat_member", "message"]
    asking = asyncio.create_task(drive("inline", person=7, text="太贵"))
    query = (await api.until(lambda: api.updates.pending[8:]))[0]["inline_query"]
    await bot.answer_inline_query(query["id"], [])
    assert await asking == []
    assert "9 updates waiting" in await drive("wait", wait=0.01)
    await bot.get_updates(offset=-1)
    await bot._post("getUpdates", {"offset": api.updates.pending[0]["update_id"] + 1})
    assert await drive("wait") is None
    await drive("flood", on=True)
    await bot.send_message(7, "一")
    assert await refusal(api, bot.send_message(7, "二")) == "429 Too Many Requests: retry after 1"
    await drive("flood", on=False)
    await drive("inject", method="sendMessage", times=None, status=500)
    await drive("heal")
    await bot.send_message(7, "二")
    assert [call["number"] for call in await drive("calls", method="sendmessage", since=2)] == [3, 4]
    assert (await drive("chat", group=group))["title"] == "早会"
    assert await drive("vote", person=7, group=group, message=2, options=[9]) == (
        "ValueError: the poll has 2 options, from 0")


async def test_two_fakes_do_not_meet():
    async with FakeBotApi() as one, FakeBotApi() as other:
        await one.person(7, "小李").start()
        assert (one.base_url != other.base_url, len(other.updates.pending)) == (True, 0)
