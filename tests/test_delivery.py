"""When Telegram, the network or we ourselves fail: nothing lost, nothing sent twice, the order kept."""
from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from dataclasses import replace

import pytest
from telegram import Bot

from assistant import journal
from assistant.desk import Desk
from assistant.domain import Line
from assistant.errors import CoachError
from assistant.handlers.telegram.arriving import Arrived
from assistant.handlers.telegram.exchange import settle
from tests.bots import PRICE, QUICK, Bots, said
from tests.conftest import NOW, hear, unguarded


async def test_a_429_makes_one_chat_wait_as_told_and_the_others_go_on(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    bots.api.inject("sendMessage", chat=8, status=429, retry_after=0.3)
    await li.say("太贵了")
    await bots.until(lambda: bots.api.refusals)
    await li.say("太贵了")
    await wang.say("太贵了")
    await bots.until(lambda: wang.chat.by_bot)
    assert said(li) == []
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    assert said(li) == PRICE[:2] and len(bots.api.refusals) == 1


async def test_only_what_is_on_a_wire_counts_as_under_way(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start(pace=replace(QUICK, parallel=1))
    held = bots.api.inject("sendMessage", hold=True)
    await li.say("太贵了")
    await bots.until(lambda: held.met)
    await wang.say("太贵了")
    await bots.until(lambda: bots.store.waiting_chats() == (8, 9))
    assert bots.store.under_way() == 1
    held.release()
    await wang.reply()
    assert len(li.chat.by_bot) == 1


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 502}, {"drop": "before"}, {"drop": "after"},
                                     {"delay": 1.5}, {"body": "<html>"}], ids=str)
async def test_a_lost_answer_loses_no_line_and_sends_none_twice(bots: Bots, trouble):
    li = bots.admit(8, "小李")
    await bots.start(timeout=1, pace=replace(QUICK, settle=1.0))
    bots.api.inject("sendMessage", **trouble)
    await li.say("太贵了")
    await li.reply()
    await li.say("太贵了")
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    await bots.stop()
    assert said(li) == PRICE[:2] and bots.store.waiting_chats() == ()


async def test_a_lost_answer_to_a_message_with_a_typing_keyboard_sends_it_once(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    bots.api.inject("sendMessage", drop="after")
    await li.say("/new")
    await li.say("太贵了")
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    await bots.stop()
    assert [text[:5] for text in said(li)] == ["新的一通电", "价格太高第"]


async def test_a_lost_answer_to_an_edit_is_just_repeated(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    question = await li.say("太贵了")
    await li.reply()
    bots.api.inject("editMessageText", drop="after")
    await li.edit(question, "车泡水了")
    await li.sees("泡水第一句")
    await bots.stop()
    assert len(li.chat.by_bot) == 1 and bots.store.waiting_chats() == ()


@pytest.mark.parametrize("arrived", [True, False], ids=["it had arrived", "it had not"])
async def test_a_message_that_was_under_way_at_a_kill_arrives_once(bots: Bots, arrived):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    await wang.say("太贵了")
    await wang.reply()
    await bots.stop()
    line = (Line("note", "一句 <话>"),)
    bots.store.queue(8, "8", line, NOW)
    out = bots.store.claim(8, bots.store.highest(8))  # what a killed process leaves behind
    if arrived:
        async with Bot(bots.api.token, bots.api.base_url) as bot:
            await bot.send_message(8, "一句 &lt;话&gt;", parse_mode="HTML")
    await wang.say("太贵了")  # numbers go on meanwhile
    bots.store.queue(8, "8", (Line("note", "下一句"),), NOW)
    await bots.start()
    await li.sees("下一句")
    assert said(li)[1:] == ["一句 <话>", "下一句"] and not out.unsure
    await bots.until(lambda: len(wang.chat.by_bot) == 2)


async def test_a_busy_team_after_a_kill_is_looked_for_with_few_probes(bots: Bots):
    team = [bots.admit(100 + i, f"座席{i}") for i in range(12)]
    for person in team[:10]:
        bots.store.queue(person.id, str(person.id), (Line("note", f"给{person.id}的话"),), NOW)
        bots.store.claim(person.id, 0)  # ten were under way, and only the last of them had arrived
    async with Bot(bots.api.token, bots.api.base_url) as bot:
        await bot.send_message(109, "给109的话", parse_mode="HTML")
    for person in team[10:]:
        for _ in range(5):
            await person.say("太贵了")  # the world went on
    await bots.start()
    await bots.until(lambda: all(person.chat.by_bot for person in team) and not bots.store.waiting_chats())
    assert [said(person) for person in team[:10]] == [[f"给{person.id}的话"] for person in team[:10]]
    assert len([one for one in bots.api.refusals if one.method == "editMessageText"]) <= 30


async def test_what_was_taken_before_a_kill_is_answered_after_it_once_and_in_order(bots: Bots):
    li = bots.admit(8, "小李")
    for update, text in ((1, "太贵了"), (2, "车泡水了")):
        body = {"update": update, "kind": "text", "chat": 8, "person": "8", "at": NOW.isoformat(), "text": text, "message": update}
        assert bots.store.accept(update, 8, "8", update, body, NOW)
        assert not bots.store.accept(update, 8, "8", update, body, NOW)
    await bots.start()
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    assert said(li) == ["价格太高第一句，我帮您看看。", "泡水第一句，我帮您看看。"] and len(bots.store.turns()) == 2
    assert bots.store.unfinished() == ()


async def test_an_update_that_comes_twice_is_answered_once(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    bots.api.inject("getUpdates", drop="after", times=2)
    await li.say("太贵了")
    await li.reply()
    await bots.stop()
    update = {"update_id": 1, "message": li.chat.messages[0].raw}
    from telegram import Update

    found = await bots.start()
    for _ in range(2):
        await found._inbox.put(Update.de_json(update, found.app.bot))
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    await bots.stop()
    assert len(li.chat.by_bot) == 2


def test_an_update_is_settled_once_whoever_asks_again(small, store):
    desk = Desk(hear, small, store, unguarded)
    update = Arrived(update=1, kind="text", chat=8, person="li", at=NOW, text="太贵了", message=1)
    assert store.accept(1, 8, "li", 1, update.kept(), NOW)
    assert settle(update, desk).chats == (8,) and settle(update, desk).chats == ()
    assert len(store.turns()) == 1 and store.waiting_chats() == (8,)


async def test_whoever_blocks_the_bot_is_left_alone_until_they_write_again(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    await li.block()
    bots.store.notify("8", "correction", [Line("note", "更正")], "fix:8", NOW)  # perhaps sent before the bot hears of it
    await wang.say("太贵了")
    await wang.reply()
    await bots.until(lambda: bots.store.unreachable_chats())
    await bots.service._remind(None)
    assert 8 not in bots.store.waiting_chats() and not bots.store.notices("fix:8")[0].sent
    assert {entry["what"] for entry in bots.store.audited()} == {"unreachable"}
    await li.start()
    await li.sees("更正")


async def test_a_notice_that_meets_a_block_is_told_when_the_person_is_back(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    bots.api.inject("sendMessage", chat=8, status=403, description="bot was blocked by the user")
    bots.store.notify("8", "correction", [Line("note", "更正")], "fix:8", NOW)
    await bots.until(lambda: bots.store.unreachable_chats())
    assert not bots.store.notices("fix:8")[0].sent
    await li.say("太贵了")
    await li.sees("更正")
    await bots.stop()
    assert [one.text[:4] for one in li.chat.by_bot] in (["💬 价格", "更正"], ["更正", "💬 价格"])


async def test_a_block_in_the_middle_of_sending_drops_the_rest_of_that_chat_only(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    bots.api.inject("sendMessage", chat=8, status=403, description="bot was blocked by the user")
    for _ in range(3):
        await li.say("太贵了")
    await wang.say("太贵了")
    await wang.reply()
    await bots.until(lambda: any(entry["what"] == "unreachable" for entry in bots.store.audited()))


async def test_a_malformed_update_is_passed_over_and_the_next_is_answered(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    for broken in ({"message": {"text": "客户13812345678"}}, {"message": {"message_id": "x", "date": {}, "chat": []}}, {"callback_query": 3}, {}):
        bots.api.raw(broken)
    await li.say("太贵了")
    assert (await li.reply()).text.startswith("💬")
    assert len(bots.store.turns()) == 1


async def test_a_crash_costs_one_sentence_with_a_number_and_the_log_names_no_customer(bots: Bots, small):
    def search(heard: str):
        if "坏" in heard:
            raise KeyError(heard)
        return hear(heard)

    bots.search = search
    li = bots.admit(8, "小李")
    log = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.callback(journal.write((bots.api.token,), stream=log))
        await bots.start()
        await li.say("坏了，客户姓钱，电话13812345678")
        told = (await li.reply()).text
        await li.say("太贵了")
        assert (await li.sees("价格太高")).text.startswith("💬")
        logging.getLogger("httpx").warning("POST %s/sendMessage 13812345678", bots.api.base_url + bots.api.token)
        await bots.stop()
    reference = told.partition("编号 ")[2].split()[0]
    assert len(reference) == 6 and reference in log.getvalue()
    assert "KeyError" in log.getvalue() and "test_delivery.py" in log.getvalue()
    assert not any(word in log.getvalue() for word in ("13812345678", "姓钱", "坏了", bots.api.token))
    assert [turn.heard for _, turn in bots.store.turns()] == ["太贵了"]


async def test_what_a_handler_cannot_do_is_told_in_its_own_sentence_and_the_bot_lives_on(bots: Bots):
    def guard(text: str):
        raise CoachError("读不到内置模型。请重新安装：pip install .")

    bots.guard = guard
    li = bots.admit(8, "小李")
    started = await bots.start()
    await li.say("能说吗 今天办我给您返三百")
    assert (await li.reply()).text == "读不到内置模型。请重新安装：pip install ."
    await li.say("太贵了")
    await li.sees("价格太高第一句")
    assert not started.failed.done()


def test_the_journal_masks_whatever_a_library_logs():
    log = io.StringIO()
    stop = journal.write(("geheim-secret",), stream=log)
    try:
        raise ValueError("客户13812345678说太贵了")
    except ValueError:
        logging.getLogger("any.library").exception("call to bot123456789:AAabcdefghijklmnopqrstuvwxyz with geheim-secret")
    logging.getLogger("telegram.Bot").critical("Error while parsing updates! Received data was %r", {"text": "太贵了"})
    stop()
    assert "ValueError" in log.getvalue() and "test_delivery.py" in log.getvalue()
    assert not any(word in log.getvalue() for word in ("太贵了", "13812345678", "AAabc", "geheim"))


async def test_the_network_gone_for_a_while_loses_nothing_and_keeps_the_order(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    async with bots.api.outage():
        bots.store.queue(8, "8", (Line("note", "在断网时说的"),), NOW)
        bots.service._courier.wake(8)
        await li.say("太贵了")
        await asyncio.sleep(0.05)
    await bots.until(lambda: len(li.chat.by_bot) == 3, timeout=10)
    assert said(li) == [PRICE[0], "在断网时说的", PRICE[1]]
