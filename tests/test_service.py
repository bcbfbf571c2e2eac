"""The running bot: how it starts, warms up, stops, and what it does by itself."""
from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from concurrent.futures import Future
from datetime import timedelta

import pytest

from assistant.config import Telegram
from assistant.desk import Desk
from assistant.domain import Role
from assistant.errors import CoachError
from assistant.handlers.telegram import Service, service
from assistant.handlers.telegram.courier import Pace
from tests.bots import PRICE, Bots, said
from tests.conftest import NOW, hear, unguarded


async def test_a_stop_sends_what_it_has_taken(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    bots.api.inject("sendMessage", delay=0.2)
    await li.say("太贵了")
    await bots.until(lambda: bots.store.turns() or None)
    await bots.stop()
    assert said(li) == PRICE[:1]
    assert not bots.api.updates.pending


async def test_while_the_search_warms_up_other_things_are_answered_and_lines_wait_their_turn(bots: Bots):
    li, boss = bots.admit(8, "小李"), bots.admit(7, "陈主管", Role.MANAGER)
    warm: Future = Future()
    bots.search = lambda heard: warm.result()(heard)
    await bots.start(warm)
    await li.say("太贵了")
    await boss.say("/invite 座席")
    await boss.reply()
    await bots.until(lambda: "typing" in li.chat.actions)
    assert li.chat.by_bot == []
    warm.set_result(hear)
    assert (await li.reply()).text.startswith("💬 价格太高第一句")


async def test_a_stop_while_the_search_warms_up_waits_for_nothing_and_keeps_the_question(bots: Bots):
    li = bots.admit(8, "小李")
    warm: Future = Future()
    bots.search = lambda heard: warm.result()(heard)
    await bots.start(warm)
    await li.say("太贵了")
    await bots.until(lambda: "typing" in li.chat.actions)
    await asyncio.wait_for(bots.stop(), 5)
    assert len(bots.store.unfinished()) == 1
    bots.search = hear
    await bots.start()
    assert (await li.reply()).text.startswith("💬 价格太高第一句")


async def test_a_search_that_cannot_be_opened_stops_the_bot_and_keeps_the_question(bots: Bots):
    li = bots.admit(8, "小李")
    warm: Future = Future()
    bots.search = lambda heard: warm.result()(heard)
    started = await bots.start(warm)
    await li.say("太贵了")
    await bots.until(lambda: bots.store.unfinished())
    warm.set_exception(CoachError("索引正被使用。"))
    with pytest.raises(CoachError, match="索引正被使用"):
        await asyncio.wait_for(started.failed, 5)
    await bots.stop()
    bots.search = hear
    await bots.start()
    assert (await li.reply()).text.startswith("💬 价格太高第一句")


async def test_a_log_that_cannot_be_written_still_gives_the_line(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    body = {"update": 1, "kind": "text", "chat": 8, "person": "8", "at": NOW.isoformat(), "text": "太贵了", "message": 1}
    bots.store.accept(1, 8, "8", 1, body, NOW)
    bots.store._db.execute("pragma query_only=on")
    await bots.service._inbox.resume()
    assert "只读" in (await li.sees("只读")).text and said(li)[1].startswith("价格太高")
    bots.store._db.execute("pragma query_only=off")


async def test_a_log_that_another_program_holds_for_a_moment_delays_and_loses_nothing(bots: Bots):
    li = bots.admit(8, "小李")
    bots.store._db.execute("pragma busy_timeout=1")
    await bots.start(retries=(0.1,) * 5)
    with contextlib.closing(sqlite3.connect(bots.store.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        await li.say("太贵了")
        await asyncio.sleep(0.1)
        assert bots.api.updates.pending and li.chat.by_bot == []  # not confirmed: Telegram keeps it
        other.execute("rollback")
    assert (await li.reply()).text.startswith("💬")
    body = {"update": 1, "kind": "text", "chat": 8, "person": "8", "at": NOW.isoformat(), "text": "车泡水了", "message": 1}
    bots.store.accept(1, 8, "8", 1, body, NOW)
    with contextlib.closing(sqlite3.connect(bots.store.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        await bots.service._inbox.resume()
        await asyncio.sleep(0.05)
        other.execute("rollback")
    await li.sees("泡水第一句")
    assert [turn.heard for _, turn in bots.store.turns()] == ["车泡水了", "太贵了"]


async def test_a_webhook_takes_updates_only_with_its_secret(bots: Bots, unused_port):
    li = bots.admit(8, "小李")
    hook = f"http://127.0.0.1:{unused_port}/coach"
    settings = Telegram(base_url=bots.api.base_url, per_second=0, webhook_url=hook, webhook_port=unused_port)
    await bots.start(settings=settings, secret="a_secret_of_the_webhook")
    await li.say("太贵了")
    assert (await li.reply()).text.startswith("💬")
    import httpx

    async with httpx.AsyncClient() as client:
        forged = {"update_id": 5, "message": {**li.chat.messages[0].raw, "message_id": 77}}
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
            assert (await client.post(hook, json=forged, headers=headers)).status_code == 403
    assert len(li.chat.by_bot) == 1
    with pytest.raises(CoachError, match="COACH_TELEGRAM_SECRET"):
        bots.setup(settings=settings).checked()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("settings, token, says", [
    ({}, "", "export COACH_TELEGRAM_TOKEN"), ({}, "1:wrong", "不认这个令牌"), ({}, "没有冒号", "不认这个令牌"),
    ({"base_url": "http://127.0.0.1:9"}, None, "连不上 Telegram（127.0.0.1:9）"),
    ({"proxy": "http://user:geheim@127.0.0.1:9"}, None, "连不上 Telegram"),
    ({"proxy": "socks5://user:geheim@127.0.0.1:9"}, None, "连不上 Telegram"),
    ({"proxy": "http://user:geheim@127.0.0.1:port"}, None, "代理 http://127.0.0.1:port 不能用"),
])
async def test_a_bot_that_cannot_start_says_what_to_do(bots: Bots, settings, token, says):
    setup = bots.setup(token=bots.api.token if token is None else token,
                       settings=Telegram(**{"base_url": bots.api.base_url, "timeout": 1, **settings}))
    with pytest.raises(CoachError) as told:
        found = Service(Desk(hear, bots.corpus, bots.store, unguarded), setup, bots.clock)
        try:
            await found.start()
        finally:
            await found.stop()
    assert says in str(told.value) and bots.api.token not in str(told.value) and "geheim" not in str(told.value)
    assert bots.api.token not in repr(setup)


async def test_a_token_that_is_withdrawn_stops_the_bot_with_a_sentence(bots: Bots):
    started = await bots.start()
    bots.api.token = "1:another"
    bots.api.updates.close()
    with pytest.raises(CoachError, match="不认这个令牌"):
        await asyncio.wait_for(started.failed, 5)


async def test_telegrams_limit_is_kept_unless_it_is_switched_off(bots: Bots):
    limited = Service(Desk(hear, bots.corpus, bots.store, unguarded),
                      bots.setup(settings=Telegram(base_url=bots.api.base_url)), bots.clock)
    assert limited.app.bot.rate_limiter is not None
    free = Service(Desk(hear, bots.corpus, bots.store, unguarded), bots.setup(), bots.clock)
    assert free.app.bot.rate_limiter is None


def test_patience_is_bounded_and_the_sentences_say_what_to_do():
    assert max(Pace().backoff) <= 15 and Pace().parallel <= 16
    assert all("请" in text or "要先" in text for text in (service.BAD_TOKEN, service.NO_NETWORK, service.NO_SECRET))


async def test_answered_updates_and_old_messages_are_pruned(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    await bots.stop()
    late = NOW + timedelta(days=90)
    assert bots.store.highest(8) == 2
    bots.store.prune(late, late)
    assert bots.store.highest(8) == 0


async def test_a_bot_that_runs_for_months_forgets_at_night_what_the_settings_do_not_keep(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start(keep_days=30)
    await li.say("太贵了")
    await li.reply()
    job, = bots.service.app.job_queue.get_jobs_by_name("expire")
    assert (job.next_t.hour, job.next_t.minute) == (3, 30)
    await job.run(bots.service.app)
    assert bots.store.counts()["turns"] == 1
    bots.now = NOW + timedelta(days=31)
    await job.run(bots.service.app)
    assert bots.store.counts()["turns"] == 0
