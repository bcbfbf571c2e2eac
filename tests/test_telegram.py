"""The bot as people live it: whole conversations over real HTTP with a strict fake Telegram."""
from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

from assistant import handlers
from assistant.demo import transcript
from assistant.domain import Line, Role
from assistant.handlers import people
from assistant.handlers.call import ENDED_KEY, STALE_KEY
from assistant.handlers.telegram.leaving import LIMIT, width
from tests.bots import Bots
from tests.conftest import NOW, hear

CARD = """💬 价格太高第一句，我帮您看看。
➡️ 接着问：价格太高，您看怎么办？
⚠️ 别说：“我私下返您三百”（RL-01 合同外利益）
📎 价格太高 · 依据 F-01（2020-09-19 起 · 全国）
[换一句] [为什么] [复制]
[👍] [👎]"""


async def test_a_call_from_the_first_objection_to_its_outcome(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("/new 老王13812345678")
    await li.reply()
    await li.say("太贵了")
    first = await li.reply()
    await (await li.tap(first, "换一句")).answered()
    second = await li.reply()
    await li.tap(second, "复制")
    assert li.clipboard == "价格太高第二句，我帮您算算。"
    assert (await (await li.tap(second, "👍")).answered())["text"] == "记下了，这句好用。"
    await li.say("结果 回访 11-28")
    await li.reply()
    assert transcript(li.chat) == f"""小李：/new 老王13812345678
续保教练：新的一通电话：老王[手机号]。客户说什么，直接输入。
小李：太贵了
续保教练：{CARD}
续保教练：{CARD.replace("第一句，我帮您看看", "第二句，我帮您算算")}
小李：结果 回访 11-28
续保教练：这通电话记为：回访，2026-11-28 回访。下一通直接输入客户的话。"""
    assert [(turn.kind, turn.rung, turn.feedback) for _, turn in bots.store.turns()] == [("again", 2, "👍"), ("call", 1, "")]
    assert bots.api.refusals == []


async def test_the_line_to_say_is_first_bold_and_alone(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    card = await li.reply()
    assert card.text.splitlines()[0] == "💬 价格太高第一句，我帮您看看。"
    assert card.marks[0] == ("bold", "价格太高第一句，我帮您看看。")
    assert card.labels == ["换一句", "为什么", "复制", "👍", "👎"]
    await bots.stop()
    [(_, turn)] = bots.store.turns()
    assert turn.ms["send"] > 0


async def test_why_unfolds_in_place_and_its_key_goes(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    card = await li.reply()
    await (await li.tap(card, "为什么")).answered()
    unfolded = await li.sees("测试法第1条")
    assert unfolded.id == card.id and unfolded.text.startswith(card.text)
    assert unfolded.labels == ["换一句", "复制", "👍", "👎"]
    await (await li.tap(card, "为什么")).answered()  # a second tap on an old screen
    await bots.stop()
    assert [one.text for one in li.chat.by_bot] == [unfolded.text]


async def test_a_corrected_question_changes_the_card_and_its_turn(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    question = await li.say("太贵了，别再打了")
    card = await li.reply()
    assert len(bots.store.turns()) == 2
    await li.edit(question, "车泡水了")
    changed = await li.sees("泡水第一句")
    assert (changed.id, changed.edited, changed.labels) == (card.id, True, ["换一句", "为什么", "复制", "👍", "👎"])
    [(_, turn)] = bots.store.turns()
    assert (turn.heard, turn.card_id, turn.rung, turn.facts) == ("车泡水了", "flood", 1, ("F-01",))
    await li.edit(question, "地库里泡水了")  # the same rung: it was never another question
    await bots.until(lambda: bots.store.turns()[0][1].heard == "地库里泡水了")
    assert bots.store.turns()[0][1].rung == 1
    await li.edit(question, "今天天气如何")
    await li.sees("先别硬答")
    assert [heard for _, _, heard in bots.store.gaps()] == ["今天天气如何"]
    await li.edit(question, "车泡水了")
    await li.sees("泡水第一句")
    assert bots.store.gaps() == () and bots.store.turns("太贵") == () and len(bots.store.turns("泡水")) == 1
    assert len(li.chat.by_bot) == 1


async def test_an_edit_that_changes_no_word_and_edits_in_a_row_cost_one_edit_at_most(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    question = await li.say("太贵了")
    await li.reply()
    await li.edit(question, "太贵了")
    bots.api.inject("editMessageText", status=429, retry_after=0.1)
    for text in ("车泡水了", "别再打了", "车泡水了赔不赔"):
        await li.edit(question, text)
    await bots.until(lambda: bots.store.turns()[0][1].heard == "车泡水了赔不赔")
    await bots.stop()
    edits = [call.params["text"].splitlines()[0] for call in bots.api.calls if call.method == "editMessageText"]
    assert edits == ["💬 <b>泡水第一句，我帮您看看。</b>"]  # the one in between was never shown, the last changes no word
    assert len(bots.store.turns()) == 1


async def test_stale_keys_are_refused_kindly_and_change_nothing(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    await li.say("太贵了")
    card = await li.reply()
    await li.say("结果 没续")
    await li.reply()
    assert (await (await li.tap(card, "换一句")).answered())["text"] == ENDED_KEY
    await li.say("/new")
    await li.reply()
    assert (await (await li.tap(card, "换一句")).answered())["text"] == ENDED_KEY
    assert (await (await wang.press(card, card.button("为什么"))).answered())["text"] == STALE_KEY
    forged = await li.press(card, type(card.button("👍"))("x", "callback_data", "nobody:knows"))
    assert (await forged.answered())["text"] == STALE_KEY
    assert len(li.chat.by_bot) == 3 and len(bots.store.turns()) == 1


async def test_an_invitation_opens_the_door_once(bots: Bots):
    boss, li, wang = bots.admit(7, "陈主管", Role.MANAGER), bots.api.person(8, "小李"), bots.api.person(9, "小王")
    await bots.start()
    await li.say("太贵了")
    assert people.STRANGER in (await li.reply()).text and "8" in (await li.reply()).text
    await boss.say("/invite 座席")
    link = (await boss.reply()).text.splitlines()[-1]
    code = link.removeprefix("https://t.me/renewal_coach_bot?start=")
    await li.start(code)
    assert "您好，小李，续保教练已开通（座席）" in (await li.reply()).text
    await wang.start(code)
    assert (await wang.reply()).text == people.DEAD_CODE
    await li.say("太贵了")
    assert "💬" in (await li.reply()).text
    await bots.stop()
    assert code.encode() not in b"".join(path.read_bytes() for path in _files(bots))
    told = [(entry["person"], entry["what"], entry["detail"].split()[0]) for entry in bots.store.audited()]
    assert told == [("8", "join", "agent"), ("7", "invite", "agent")]


def _files(bots: Bots):
    from pathlib import Path

    found = list(Path(bots.store.path).parent.glob("coach.db*"))
    assert found
    return found


async def test_an_invitation_expires_and_nobody_invites_above_themselves(bots: Bots):
    trainer, li = bots.admit(6, "赵老师", Role.TRAINER), bots.api.person(8, "小李")
    await bots.start()
    for wanted in ("讲师", "manager", "admin", "", "客户"):
        await trainer.say(f"/invite {wanted}")
        assert (await trainer.reply()).text == "请写成：/invite 座席"
    await trainer.say("/invite agent")
    code = (await trainer.reply()).text.rpartition("start=")[2]
    bots.now += timedelta(hours=72)
    await li.start(code)
    assert (await li.reply()).text == people.DEAD_CODE
    assert bots.store.role("8") is None


async def test_a_role_is_checked_and_removing_a_person_shuts_them_out_at_once(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("/invite agent")
    assert (await li.reply()).text == handlers.NOT_ALLOWED.format(role="讲师")
    await li.say("太贵了")
    card = await li.reply()
    bots.store.remove("8")
    assert people.STRANGER in (await (await li.tap(card, "换一句")).answered()).get("text", "") or people.STRANGER in (
        await li.sees(people.STRANGER)).text
    await li.say("太贵了")
    assert people.STRANGER in (await li.reply()).text
    assert await (await li.inline("太贵")).results() == []
    assert len(bots.store.turns()) == 1


async def test_everyone_sees_the_commands_of_their_role_in_chinese(bots: Bots):
    li, boss = bots.admit(8, "小李"), bots.admit(7, "陈主管", Role.MANAGER)
    await bots.start()
    for person in (li, boss):
        await person.say("/help")
        await person.reply()

    def menus():
        commands = {place.partition("/")[0]: [one["command"] for one in found] for place, found in bots.api.world.commands.items()}
        return commands if {"chat:7", "chat:8", "default", "all_group_chats"} <= commands.keys() else None

    commands = await bots.until(menus)
    assert commands["default"] == ["start"] and "invite" not in commands["chat:8"] and "invite" in commands["chat:7"]
    assert all(any("一" <= char <= "龥" for char in one["description"])
               for found in bots.api.world.commands.values() for one in found)
    assert "续保教练" in bots.api.world.profile["description/"]
    before = len(bots.api.calls)
    await li.say("/help")
    await li.reply()
    assert "setMyCommands" not in [call.method for call in bots.api.calls[before:]]


async def test_one_tap_keys_are_what_this_agents_customers_say_most(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("/new")
    await li.reply()
    assert _keyboard(bots, li) == ["泡水", "价格太高", "别再打了"]  # an empty log: the corpus's order
    for _ in range(2):
        await li.say("太贵了")
        await li.reply()
    await li.say("/new")
    await li.reply()
    assert _keyboard(bots, li) == ["价格太高", "泡水", "别再打了"]
    sent = len([call for call in bots.api.calls if "keyboard" in (call.params.get("reply_markup") or {})])
    await li.say("/new")
    await li.reply()
    assert len([call for call in bots.api.calls if "keyboard" in (call.params.get("reply_markup") or {})]) == sent


def _keyboard(bots: Bots, person) -> list[str]:
    shown = [call.params["reply_markup"] for call in bots.api.calls if call.params.get("chat_id") == person.id
             and "keyboard" in (call.params.get("reply_markup") or {})]
    return [key["text"] for row in shown[-1]["keyboard"] for key in row]


async def test_inline_mode_offers_bare_lines_to_those_admitted(bots: Bots):
    li, stranger = bots.admit(8, "小李"), bots.api.person(99, "路人")
    await bots.start()
    asked = await li.inline("太贵")
    [offer] = await asked.results()
    assert (offer["title"], offer["description"]) == ("价格太高第一句，我帮您看看。", "价格太高")
    assert (await li.choose(asked, offer["id"])).text == "价格太高第一句，我帮您看看。"
    assert await (await li.inline("今天天气")).results() == []
    assert await (await stranger.inline("太贵")).results() == []
    assert bots.store.turns() == ()


async def test_in_a_group_only_commands_and_mentions_are_answered(bots: Bots):
    li = bots.admit(8, "小李")
    boss = bots.admit(7, "陈主管", Role.MANAGER)
    group = bots.api.group("续保一组", boss, li)
    await group.promote(boss)
    await bots.start()
    await li.say("太贵了", group)
    await li.say("/why@other_bot", group)
    asked = await li.say("@renewal_coach_bot 太贵了", group)
    card = await li.reply(group=group)
    assert card.text.startswith("💬 价格太高第一句") and card.reply_to == asked.id
    await boss.say("/invite@renewal_coach_bot 座席", group)
    assert (await boss.reply(group=group)).text == people.NOT_HERE
    assert len(group.view.by_bot) == 2 and len(bots.store.turns()) == 1


async def test_two_agents_at_once_each_get_their_own_in_their_order(bots: Bots):
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    for i in range(5):
        await li.say("太贵了" if i % 2 else "车泡水了")
        await wang.say("别再打了")
    await bots.until(lambda: len(li.chat.by_bot) == len(wang.chat.by_bot) == 5)
    assert [one.text[2:8] for one in li.chat.by_bot] == ["泡水第一句，", "价格太高第一", "泡水第二句，", "价格太高第二", "泡水第三句，"]
    assert [one.text[2:8] for one in wang.chat.by_bot[:3]] == ["别再打了第一", "别再打了第二", "别再打了第三"]
    heard = [(call.person, turn.heard) for call, turn in reversed(bots.store.turns())]
    assert [line for person, line in heard if person == "8"] == ["车泡水了", "太贵了"] * 2 + ["车泡水了"]


async def test_a_slow_search_keeps_an_agents_order_and_holds_up_nobody_else(bots: Bots):
    go = threading.Event()
    bots.search = lambda heard: (go.wait(10) if heard == "太贵了" else True) and hear(heard)
    li, wang = bots.admit(8, "小李"), bots.admit(9, "小王")
    await bots.start()
    await li.say("太贵了")
    await li.say("车泡水了")
    await wang.say("别再打了")
    await wang.reply()
    await bots.until(lambda: not bots.api.updates.pending)
    assert li.chat.by_bot == []
    go.set()
    await bots.until(lambda: len(li.chat.by_bot) == 2)
    assert [one.text[2:7] for one in li.chat.by_bot] == ["价格太高第", "泡水第一句"]


async def test_a_restart_in_the_middle_of_a_call_loses_nothing(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    card = await li.reply()
    await bots.stop()
    await li.say("太贵了")
    tap = await li.tap(card, "为什么")
    await bots.start()
    assert (await li.sees("第二句，我帮您算算")).text.startswith("💬 价格太高第二句")
    await tap.answered()
    assert (await li.sees("测试法第1条")).id == card.id
    assert len(li.chat.by_bot) == 2 and len(bots.store.turns()) == 2


async def test_a_long_text_is_split_and_not_lost(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    lines = [Line("note", f"第{i}条 <b>&😀" + "字" * 900) for i in range(12)] + [Line("note", "😀" * 5000)]
    bots.store.notify("8", "correction", lines, "fix:1", NOW)
    await bots.until(lambda: "😀😀" in (li.chat.last.text if li.chat.last else "") and li.chat.last.labels)
    sent = li.chat.by_bot
    assert len(sent) > 3 and all(width(one.text) <= LIMIT for one in sent)
    assert "".join(one.text for one in sent).replace("\n", "") == "".join(line.text for line in lines)
    assert [one.labels for one in sent] == [[]] * (len(sent) - 1) + [["知道了"]]


async def test_a_call_back_is_reminded_on_its_day_and_its_reading_kept(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.say("太贵了")
    await li.reply()
    await li.say("结果 回访 11-28")
    await li.reply()
    await bots.stop()
    bots.now = NOW.replace(day=28, hour=9)
    await bots.start()
    reminder = await li.sees("⏰ 今天要回访：第 1 通电话。")
    assert "看过" in (await (await li.tap(reminder, "知道了")).answered())["text"]
    await bots.until(lambda: li.chat.last.labels == [])
    assert [(one.sent, one.read) for one in bots.store.notices("callback:")] == [(True, True)]


async def test_what_is_no_text_gets_one_clear_sentence(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    await li.send(voice={"file_id": "v", "file_unique_id": "v", "duration": 3})
    assert "没看到客户的话" in (await li.reply()).text


async def test_personal_data_and_the_token_stay_out_of_the_files_of_the_bot(bots: Bots):
    li = bots.admit(8, "小李")
    await bots.start()
    question = await li.say("太贵了，打我13812345678，车牌京A12345")
    await li.reply()
    await li.edit(question, "太贵了，打我13912345678")
    await bots.until(lambda: bots.store.turns()[0][1].heard.endswith("打我[手机号]"))
    await asyncio.sleep(0)
    content = b"".join(path.read_bytes() for path in _files(bots))
    assert not any(word.encode() in content for word in ("13812345678", "13912345678", "京A12345", bots.api.token))
