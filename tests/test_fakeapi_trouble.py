"""Trouble on demand: getUpdates and webhooks against each other, faults, floods, and a fake in another process."""
from __future__ import annotations

import asyncio
import json
import socket

import pytest
from telegram.error import Conflict, NetworkError, RetryAfter, TelegramError
from telegram.ext import Application, MessageHandler, filters

from tests.telegram_fixtures import refusal

WEBHOOK_ACTIVE = ("409 Conflict: can't use getUpdates method while webhook is active; "
                  "use deleteWebhook to delete the webhook first")


def texts(updates) -> list[str]:
    return [update.message.text for update in updates]


class Hook:
    """A webhook on loopback that answers with the statuses it is told, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, str]] = []

    async def __aenter__(self) -> Hook:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
        body = json.loads(await reader.readexactly(int(headers["Content-Length"])))
        self.got.append((headers.get("X-Telegram-Bot-Api-Secret-Token", ""), body["message"]["text"]))
        writer.write(f"HTTP/1.1 {self.statuses.pop(0) if self.statuses else 200} So\r\n\r\n".encode())
        writer.close()


# getUpdates


async def test_an_offset_confirms_and_a_negative_one_keeps_the_last(bot, li):
    for text in ("一", "二", "三", "四"):
        await li.say(text)
    first = await bot.get_updates(limit=2)
    assert texts(first) == ["/start", "一"]
    assert texts(await bot.get_updates(offset=first[1].update_id)) == ["一", "二", "三", "四"]
    assert texts(await bot.get_updates(offset=-2)) == ["三", "四"]
    assert texts(await bot.get_updates()) == ["三", "四"]
    assert texts(await bot.get_updates(limit=-5)) == ["三"]
    assert [update.update_id - first[0].update_id for update in await bot.get_updates()] == [3, 4]


async def test_a_long_poll_ends_when_something_comes(api, bot, li):
    await bot.get_updates(offset=-1)
    last = (await bot.get_updates())[-1].update_id
    waiting = asyncio.create_task(bot.get_updates(offset=last + 1, timeout=50))
    await api.until(lambda: api.updates.polling)
    await li.say("在吗")
    assert texts(await waiting) == ["在吗"]


async def test_a_kind_that_was_not_asked_for_never_comes(bot, li):
    await bot.get_updates(offset=-1, allowed_updates=["callback_query", "edited_message"])
    said = await li.say("没人听")
    await li.edit(said, "改了")
    assert [update.edited_message and update.edited_message.text for update in await bot.get_updates()][1:] == ["改了"]
    await bot.get_updates(allowed_updates=[])
    await li.say("有人听")
    assert (await bot.get_updates())[-1].message.text == "有人听"


async def test_of_two_pollers_the_older_is_sent_away(api, bot):
    older = asyncio.create_task(bot.get_updates(timeout=50))
    await api.until(lambda: api.updates.polling)
    newer = asyncio.create_task(bot.get_updates(timeout=50))
    with pytest.raises(Conflict):
        await older
    assert api.refusals[-1].description == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
    await api.until(lambda: api.updates.polling)
    await api.person(7, "小李").start()
    assert texts(await newer) == ["/start"]


async def test_a_poller_that_hangs_up_is_forgotten(api, bot):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.origin.rpartition(":")[2]))
    writer.write(f"GET /bot{api.token}/getUpdates?timeout=50 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await api.until(lambda: api.updates.polling)
    writer.close()
    await api.until(lambda: not api.updates.polling)
    assert await bot.get_updates() == ()
    assert api.refusals == []


# webhooks


@pytest.mark.parametrize("url, options, expected", [
    ("http://coach.example.cn/hook", {}, "bad webhook: An HTTPS URL must be provided for webhook"),
    ("https://coach.example.cn:8089/hook", {},
     "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
    ("https://coach.example.cn/hook", {"secret_token": "a b"}, "secret token contains unallowed characters"),
    ("https://coach.example.cn/hook", {"secret_token": "a" * 257}, "secret token is too long"),
])
async def test_a_webhook_is_refused(api, bot, url, options, expected):
    assert await refusal(api, bot.set_webhook(url, **options)) == f"400 Bad Request: {expected}"
    assert (await bot.get_webhook_info()).url == ""


async def test_a_webhook_and_polling_exclude_each_other(api, bot):
    polling = asyncio.create_task(bot.get_updates(timeout=50))
    await api.until(lambda: api.updates.polling)
    await bot.set_webhook("https://coach.example.cn/hook", max_connections=500, allowed_updates=["message"])
    with pytest.raises(Conflict):
        await polling
    assert await refusal(api, bot.get_updates()) == WEBHOOK_ACTIVE
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (
        "https://coach.example.cn/hook", 100, ("message",))
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_a_webhook_gets_updates_in_order_and_again_until_it_takes_them(api, bot, li, clock):
    async with Hook(500, 403) as hook:
        await bot.set_webhook(hook.url, secret_token="geheim_1", drop_pending_updates=True)
        await li.say("一")
        await li.say("二")
        await api.until(lambda: len(hook.got) == 4 and not api.updates.pending)
    assert hook.got == [("geheim_1", "一"), ("geheim_1", "一"), ("geheim_1", "一"), ("geheim_1", "二")]
    assert clock.slept == [1, 2]


@pytest.mark.parametrize("url, told", [
    ("http://127.0.0.1:1/hook", "Connect call failed"), ("https://localhost/hook", "to http on loopback only")])
async def test_a_webhook_that_cannot_be_reached_is_tried_ever_more_rarely(api, bot, clock, url, told):
    await bot.set_webhook(url)
    await api.person(7, "小李").start()
    await api.until(lambda: len(clock.slept) > 7)
    assert clock.slept[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    info = await bot.get_webhook_info()
    assert (told in info.last_error_message, info.pending_update_count) == (True, 1)
    await bot.set_webhook("", drop_pending_updates=True)
    assert (await bot.get_webhook_info()).to_dict() == {
        "url": "", "has_custom_certificate": False, "pending_update_count": 0}


async def test_ptb_answers_through_its_own_webhook(api):
    app = Application.builder().token(api.token).base_url(api.base_url).build()

    async def echo(update, context):
        await update.message.reply_text(f"收到 {update.message.text}")

    app.add_handler(MessageHandler(filters.TEXT, echo))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with app:
        await app.start()
        await app.updater.start_webhook("127.0.0.1", port, "hook", webhook_url=f"http://127.0.0.1:{port}/hook",
                                        secret_token="geheim")
        li = api.person(7, "小李")
        await li.say("太贵了")
        assert (await li.reply()).text == "收到 太贵了"
        await app.updater.stop()
        await app.stop()


# faults


async def test_a_429_says_when_to_come_back_and_only_that_often(api, bot, li):
    api.inject("sendMessage", times=2, status=429, retry_after=3)
    for _ in range(2):
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(7, "x")
        assert str(caught.value) == "Flood control exceeded. Retry in 3 seconds"
    await bot.send_message(7, "y")
    assert [message.text for message in li.chat.by_bot] == ["y"]
    assert [(one.code, one.description) for one in api.refusals] == [(429, "Too Many Requests: retry after 3")] * 2


async def test_a_fault_meets_one_chat_or_comes_later_or_stays(api, bot, li):
    await api.person(8, "小王").start()
    fault = api.inject("sendMessage", times=None, skip=1, chat=7, status=502)
    await bot.send_message(7, "过")
    await bot.send_message(8, "过")
    for _ in range(3):
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(7, "x")
    api.heal()
    await bot.send_message(7, "y")
    assert (fault.met, [message.text for message in li.chat.by_bot]) == (3, ["过", "y"])


async def test_a_fault_without_a_method_spares_get_updates(api, bot, li):
    api.inject(status=500)
    assert texts(await bot.get_updates()) == ["/start"]
    with pytest.raises(NetworkError):
        await bot.get_me()
    api.inject("getUpdates", status=500)
    with pytest.raises(NetworkError):
        await bot.get_updates()


@pytest.mark.parametrize("trouble, arrived", [({"drop": "before"}, 0), ({"drop": "after"}, 1)])
async def test_a_dropped_connection_loses_the_message_or_only_its_answer(api, bot, li, trouble, arrived):
    api.inject("sendMessage", **trouble)
    with pytest.raises(NetworkError):
        await bot.send_message(7, "x")
    assert (len(li.chat.by_bot), len(api.calls) - 1) == (arrived, arrived)
    await bot.send_message(7, "y")
    assert li.chat.last.text == "y"


@pytest.mark.parametrize("trouble, arrived", [({"body": "<html>"}, 1), ({"body": "<html>", "status": 502}, 0)])
async def test_an_answer_that_is_no_json(api, bot, li, trouble, arrived):
    api.inject("sendMessage", **trouble)
    with pytest.raises(TelegramError):
        await bot.send_message(7, "x")
    assert len(li.chat.by_bot) == arrived


async def test_a_delay_and_a_hold_keep_a_call_back(api, bot, li, clock):
    api.inject("sendMessage", delay=20)
    await bot.send_message(7, "晚")
    assert clock.slept == [20]
    fault = api.inject("sendMessage", hold=True)
    sending = asyncio.create_task(bot.send_message(7, "更晚"))
    await api.until(lambda: fault.met)
    assert li.chat.last.text == "晚"
    fault.release()
    assert (await sending).text == "更晚"


async def test_a_network_that_is_gone_comes_back_with_everything_as_it_was(api, bot, li):
    polling = asyncio.create_task(bot.get_updates(offset=-1, timeout=0))
    await polling
    address = api.base_url
    async with api.outage():
        with pytest.raises(NetworkError):
            await bot.send_message(7, "x")
        await li.say("有人吗")
    assert texts(await bot.get_updates())[-1] == "有人吗"
    assert ((await bot.send_message(7, "在")).message_id, api.base_url) == (3, address)


async def test_a_network_that_goes_ends_a_long_poll(api, bot):
    polling = asyncio.create_task(bot.get_updates(timeout=50))
    await api.until(lambda: api.updates.polling)
    await api.network_down()
    with pytest.raises(NetworkError):
        await polling
    await api.network_up()
    assert await bot.get_updates() == ()


@pytest.mark.parametrize("wrong", [{}, {"drop": "sometimes", "status": 500}])
async def test_a_fault_that_does_nothing_is_a_mistake(api, wrong):
    with pytest.raises(ValueError):
        api.inject("sendMessage", **wrong)


# floods


async def test_without_the_switch_nothing_is_a_flood(bot, li):
    for _ in range(40):
        await bot.send_message(7, "x")


async def test_one_message_a_second_in_a_chat(api, bot, li, clock):
    api.flood.on = True
    await bot.send_message(7, "一")
    assert await refusal(api, bot.send_message(7, "二")) == "429 Too Many Requests: retry after 1"
    clock.time += 1
    await bot.send_message(7, "二")
    assert [message.text for message in li.chat.by_bot] == ["一", "二"]


async def test_thirty_messages_a_second_in_all(api, bot, clock):
    api.flood.on = True
    for number in range(1, 32):
        await api.person(number).start()
    for number in range(1, 31):
        await bot.send_message(number, "x")
    assert await refusal(api, bot.send_message(31, "x")) == "429 Too Many Requests: retry after 1"
    clock.time += 1
    await bot.send_message(31, "x")


async def test_twenty_messages_a_minute_in_a_group(api, bot, li, clock):
    api.flood.on = True
    group = api.group("早会", li)
    for _ in range(20):
        await bot.send_message(group.id, "x")
        clock.time += 1
    assert await refusal(api, bot.send_message(group.id, "x")) == "429 Too Many Requests: retry after 40"
    clock.time += 40
    await bot.send_message(group.id, "x")
