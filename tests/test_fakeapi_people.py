"""What people do in the fake and what the bot hears of it: messages, taps, polls, inline queries, groups."""
from __future__ import annotations

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Poll,
    Update,
)
from telegram.error import BadRequest
from telegram.ext import Application, CallbackQueryHandler, MessageHandler, filters

from tests.telegram_fixtures import refusal

TOO_OLD = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"
OPTIONS = ["交强险", "商业险", "车船税"]


async def fetch(bot: Bot) -> list[Update]:
    """What is new, confirmed with the same call that a bot makes next."""
    found = await bot.get_updates()
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1)
    return list(found)


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"do:{label}") for label in labels]])


def article(number: object = 1, text: str = "我懂", **more) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(str(number), "标题", InputTextMessageContent(text, **more))


# messages


async def test_a_person_talks_with_a_bot_of_ptb(api):
    app = Application.builder().token(api.token).base_url(api.base_url).build()

    async def answer(update, context):
        await update.message.reply_text("先报价再砍价", reply_markup=keyboard("换一句"))

    async def other(update, context):
        await update.callback_query.answer("好", show_alert=True)
        await update.callback_query.edit_message_text("先算保障再谈价")

    app.add_handlers([MessageHandler(filters.TEXT, answer), CallbackQueryHandler(other)])
    async with app:
        await app.start()
        await app.updater.start_polling()
        li = api.person(7, "小李")
        await li.say("太贵了")
        reply = await li.reply()
        tap = await li.tap(reply, "换一句")
        assert await tap.answered() == {"text": "好", "alert": True}
        assert (await li.sees("先算保障")).edited
        assert [message.text for message in li.chat.messages] == ["太贵了", "先算保障再谈价"]
        await app.updater.stop()
        await app.stop()
    assert api.refusals == []


async def test_entities_of_what_people_write_are_counted_in_utf16(api, bot, li):
    await fetch(bot)
    await li.say("😀 /quiz@renewal_coach_bot 和 @renewal_coach_bot 看 https://a.cn/b?c=1，好")
    message = (await fetch(bot))[0].message
    assert [(one.type, one.offset, one.length) for one in message.entities] == [
        ("bot_command", 3, 23), ("mention", 29, 18), ("url", 50, 18)]
    assert list(message.parse_entities().values()) == [
        "/quiz@renewal_coach_bot", "@renewal_coach_bot", "https://a.cn/b?c=1"]


@pytest.mark.parametrize("text", ["说/quiz", "/quiz吧", "a@boss", "@boss们", "1/2"])
async def test_what_looks_like_a_command_inside_a_word_is_none(bot, li, text):
    await fetch(bot)
    await li.say(text)
    assert (await fetch(bot))[0].message.entities == ()


async def test_start_carries_its_payload_and_ends_a_block(bot, li):
    await li.block()
    with pytest.raises(ValueError, match="unblock first"):
        await li.say("在吗")
    await li.start("from_team-7")
    updates = await fetch(bot)
    assert [update.message.text if update.message else update.my_chat_member.new_chat_member.status
            for update in updates] == ["/start", "kicked", "member", "/start from_team-7"]


async def test_an_edit_and_a_reply_and_other_content_reach_the_bot(bot, li):
    said = await li.say("太贵")
    await li.edit(said, "太贵了 /quiz")
    await li.say("说的是这句", reply_to=said)
    await li.send(voice={"file_id": "v", "file_unique_id": "u", "duration": 3})
    first, edited, reply, voice = [update.effective_message for update in (await fetch(bot))[1:]]
    assert (first.text, edited.text, edited.entities[0].length) == ("太贵", "太贵了 /quiz", 5)
    assert (reply.reply_to_message.text, voice.voice.duration, voice.text) == ("太贵了 /quiz", 3, None)
    await bot.send_message(7, "好")
    with pytest.raises(ValueError, match="their own"):
        await li.edit(li.chat.last, "x")


async def test_message_ids_count_for_all_private_chats_together_and_for_a_supergroup_alone(api, bot, li):
    wang = api.person(8, "小王")
    small, big = api.group("早会", li), api.group("全省", li, supergroup=True)
    ids = [(await wang.start()).id, (await bot.send_message(7, "x")).message_id,
           (await bot.send_message(small.id, "x")).message_id, (await bot.send_message(big.id, "x")).message_id,
           (await li.say("y", small)).id, (await li.say("y", big)).id]
    assert ids == [2, 3, 4, 1, 5, 2]


async def test_whoever_deletes_a_message_surprises_the_bot(api, bot, li):
    sent = await bot.send_message(7, "x", reply_markup=keyboard("换"))
    seen = li.chat.last
    await li.delete(sent.message_id)
    assert await refusal(api, bot.edit_message_text("y", 7, sent.message_id)) == (
        "400 Bad Request: message to edit not found")
    await fetch(bot)
    await li.tap(seen, "换")
    assert (await fetch(bot))[0].callback_query.message.is_accessible is False


async def test_nonsense_can_be_sent_to_the_bot(api, bot, li):
    await fetch(bot)
    api.raw({"message": {"message_id": "x"}, "update_id": 5})
    await li.say("后来")
    raw = await bot._post("getUpdates")
    assert [update["message"].get("text") for update in raw] == [None, "后来"]
    assert raw[1]["update_id"] - raw[0]["update_id"] == 1


async def test_waiting_in_vain_says_what_happened_instead(api, bot, li):
    await bot.send_chat_action(7, "typing")
    with pytest.raises(AssertionError, match="last calls.*sendChatAction.*1 updates waiting"):
        await li.reply(timeout=0.01)


# taps


async def test_a_tap_carries_the_message_as_it_stands(bot, li):
    await bot.send_message(7, "旧", reply_markup=keyboard("换", "停"))
    seen = li.chat.last
    await bot.edit_message_text("新", 7, 2, reply_markup=keyboard("停"))
    await fetch(bot)
    await li.tap(seen, "换")
    await li.tap(2, "do:停")
    stale, current = [update.callback_query for update in await fetch(bot)]
    assert (stale.data, stale.message.text, stale.from_user.first_name) == ("do:换", "新", "小李")
    assert (current.data, current.message.reply_markup.inline_keyboard[0][0].text) == ("do:停", "停")
    with pytest.raises(ValueError, match="no button '换' under message 2, only \\['停'\\]"):
        await li.tap(2, "换")


async def test_copy_and_link_buttons_never_reach_the_bot(bot, li):
    await bot.send_message(7, "x", reply_markup=InlineKeyboardMarkup([[
        InlineKeyboardButton("抄", api_kwargs={"copy_text": {"text": "我懂您"}}),
        InlineKeyboardButton("开", url="https://a.cn")]]))
    await fetch(bot)
    await li.tap(2, "抄")
    opened = await li.tap(2, "开")
    assert (li.clipboard, opened.button.value, await fetch(bot)) == ("我懂您", "https://a.cn", [])
    with pytest.raises(ValueError, match="never hears of it"):
        await opened.answered()


async def test_a_tap_is_answered_once_soon_and_briefly(api, bot, li, clock):
    await bot.send_message(7, "x", reply_markup=keyboard("换"))
    first, second = await li.tap(2, "换"), await li.tap(2, "换")
    assert await refusal(api, bot.answer_callback_query("1")) == TOO_OLD
    assert await refusal(api, bot.answer_callback_query(first.query.id, "字" * 201)) == (
        "400 Bad Request: MESSAGE_TOO_LONG")
    await bot.answer_callback_query(first.query.id, "字" * 200)
    assert await refusal(api, bot.answer_callback_query(first.query.id)) == TOO_OLD
    clock.time += 16
    assert await refusal(api, bot.answer_callback_query(second.query.id)) == TOO_OLD


# groups


async def test_in_a_group_a_bot_with_privacy_hears_only_what_is_meant_for_it(api, bot, li):
    group = api.group("早会", li)
    sent = await bot.send_message(group.id, "题")
    await fetch(bot)
    for text in ("闲聊", "/quiz", "/quiz@other_bot", "/quiz@Renewal_Coach_Bot", "@renewal_coach_bot 太贵了", "@boss 好"):
        await li.say(text, group)
    await li.say("回你", group, reply_to=sent.message_id)
    assert [update.message.text for update in await fetch(bot)] == [
        "/quiz", "/quiz@Renewal_Coach_Bot", "@renewal_coach_bot 太贵了", "回你"]
    await group.promote(li)
    await li.say("都听见", group)
    assert [update.message.text for update in (await fetch(bot))[1:]] == ["都听见"]
    assert [message.text for message in group.view.messages][-1] == "都听见"


async def test_being_added_and_thrown_out_is_told(api, bot, li):
    group = api.group("早会", li, bot=False)
    await fetch(bot)
    await group.invite(li)
    await group.kick(li)
    await li.say("/quiz", group)
    added, service, kicked = await fetch(bot)
    assert (added.my_chat_member.old_chat_member.status, added.my_chat_member.new_chat_member.status,
            service.message.new_chat_members[0].id, kicked.my_chat_member.new_chat_member.status) == (
        "left", "member", bot.id, "kicked")


async def test_taps_and_replies_work_in_a_group(api, bot, li):
    group = api.group("早会", li, supergroup=True)
    said = await li.say("/quiz", group)
    await bot.send_message(group.id, "题", reply_markup=keyboard("甲"))
    reply = await li.reply(group=group)
    assert (reply.text, reply.id > said.id) == ("题", True)
    await fetch(bot)
    await li.tap(reply, "甲")
    assert (await fetch(bot))[0].callback_query.message.chat.type == "supergroup"
    assert api.chat(group.id).last.labels == ["甲"]


# polls


@pytest.mark.parametrize("question, options, more, expected", [
    ("", OPTIONS, {}, "text must be non-empty"),
    ("字" * 301, OPTIONS, {}, "poll question length must not exceed 300"),
    ("问", [], {}, "poll must have at least one answer option"),
    ("问", ["x"] * 13, {}, "poll can't have more than 12 options"),
    ("问", ["x", ""], {}, "text must be non-empty"),
    ("问", ["x", "字" * 101], {}, "poll options length must not exceed 100"),
    ("问", OPTIONS, {"type": "exam"}, "unsupported poll type specified"),
    ("问", OPTIONS, {"type": "quiz"}, "correct quiz option list must be non-empty"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [3]}, "wrong quiz correct_option_id"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [-1]}, "wrong quiz correct_option_id"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [2, 0]}, "correct quiz option list must be increasing"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [0], "explanation": "字" * 201},
     "quiz explanation must have at most 200 characters"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [0], "explanation": "a\nb\nc\nd"},
     "quiz explanation must have at most 2 line feeds"),
    ("问", OPTIONS, {"type": "quiz", "correct_option_ids": [0], "explanation": "<b>x", "explanation_parse_mode": "HTML"},
     "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
])
async def test_a_poll_is_refused(api, bot, li, question, options, more, expected):
    assert await refusal(api, bot.send_poll(7, question, options, **more)) == f"400 Bad Request: {expected}"
    assert li.chat.by_bot == []


async def test_a_quiz_is_answered_once_and_the_bot_hears_who_chose_what(api, bot, li):
    group = api.group("早会", li, api.person(8, "小王"))
    sent = await bot.send_poll(group.id, "哪个是必须的？", OPTIONS, type=Poll.QUIZ, correct_option_ids=[0],
                               explanation="a\nb\nc", is_anonymous=False)
    assert (sent.poll.type, sent.poll.correct_option_ids, sent.poll.explanation) == ("quiz", (0,), "a\nb\nc")
    await fetch(bot)
    question = group.view.last
    await li.vote(question, 0)
    await api.person(8).vote(question.raw["poll"]["id"], 1)
    answers = [update.poll_answer for update in await fetch(bot) if update.poll_answer]
    assert [(one.user.first_name, one.option_ids, one.poll_id) for one in answers] == [
        ("小李", (0,), sent.poll.id), ("小王", (1,), sent.poll.id)]
    assert [option["voter_count"] for option in group.view.last.poll["options"]] == [1, 1, 0]
    for wrong in ((1,), (), (0, 1), (7,)):
        with pytest.raises(ValueError):
            await li.vote(question, *wrong)
    stopped = await bot.stop_poll(group.id, sent.message_id)
    assert (stopped.is_closed, stopped.total_voter_count) == (True, 2)
    with pytest.raises(ValueError, match="closed"):
        await api.person(9, "小张").vote(question, 0)


async def test_a_regular_poll_lets_people_change_their_minds(api, bot, li):
    await bot.send_poll(7, "几点早会？", ["八点", "九点"], allows_multiple_answers=True)
    await fetch(bot)
    question = li.chat.last
    await li.vote(question, 0, 1)
    await li.vote(question, 0, 1)
    await li.vote(question)
    updates = await fetch(bot)
    assert [[option.voter_count for option in update.poll.options] for update in updates] == [[1, 1], [0, 0]]
    api.close_poll(question)
    assert (await fetch(bot))[0].poll.is_closed


async def test_stopping_a_poll_is_refused_for_what_is_none_and_twice(api, bot, li):
    await bot.send_message(7, "x")
    assert await refusal(api, bot.stop_poll(7, 99)) == "400 Bad Request: message with poll to stop not found"
    assert await refusal(api, bot.stop_poll(7, 2)) == "400 Bad Request: message is not a poll"
    await bot.send_poll(7, "问", OPTIONS)
    assert await refusal(api, bot.edit_message_text("x", 7, 3)) == (
        "400 Bad Request: there is no text in the message to edit")
    await bot.stop_poll(7, 3)
    assert await refusal(api, bot.stop_poll(7, 3)) == "400 Bad Request: poll has already been closed"


# inline


@pytest.mark.parametrize("results, expected", [
    ([article(n) for n in range(51)], "RESULTS_TOO_MUCH"),
    ([article(), article()], "RESULT_ID_DUPLICATE"),
    ([article("")], "RESULT_ID_INVALID"),
    ([article("字" * 22)], "RESULT_ID_INVALID"),
    ([article(text="")], "message text is empty"),
    ([article(text="x" * 4097)], "message is too long"),
    ([article(text="<b>x", parse_mode="HTML")],
     "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
])
async def test_an_inline_answer_is_refused(api, bot, li, results, expected):
    asked = await li.inline("太贵")
    found = await refusal(api, bot.answer_inline_query(asked.query.id, results))
    assert found == f"400 Bad Request: {expected}"


async def test_an_inline_query_is_answered_once_and_soon(api, bot, li, clock):
    first, second = await li.inline("太贵"), await li.inline("别打了")
    assert await refusal(api, bot.answer_inline_query("1", [])) == TOO_OLD
    await bot.answer_inline_query(first.query.id, [article()], cache_time=0, is_personal=True)
    assert await refusal(api, bot.answer_inline_query(first.query.id, [article()])) == TOO_OLD
    clock.time += 11
    assert await refusal(api, bot.answer_inline_query(second.query.id, [article()])) == TOO_OLD
    third = await li.inline("x")
    assert await refusal(api, bot.answer_inline_query(third.query.id, [], next_offset="x" * 65)) == (
        "400 Bad Request: NEXT_OFFSET_INVALID")
    assert await refusal(api, bot.answer_inline_query(
        first.query.id, [], button=InlineQueryResultsButton("去", start_parameter="有 空格"))) == (
        "400 Bad Request: START_PARAM_INVALID")


async def test_a_chosen_result_is_told_and_can_be_edited_and_tapped(api, bot, li):
    asked = await li.inline("太贵")
    plain, keyed = article("p"), InlineQueryResultArticle(
        "k", "标题", InputTextMessageContent("<b>我懂</b>", parse_mode="HTML"), reply_markup=keyboard("换"))
    await bot.answer_inline_query(asked.query.id, [plain, keyed])
    assert [(one["id"], one["title"]) for one in await asked.results()] == [("p", "标题"), ("k", "标题")]
    group = api.group("早会", li)
    shown = await li.choose(asked, "p", group)
    elsewhere = await li.choose(asked, "k")
    await li.tap(elsewhere, "换")
    query, first, message, second, tapped = (await fetch(bot))[1:]
    assert (query.inline_query.query, first.chosen_inline_result.result_id, message.message.via_bot.id, shown.text) == (
        "太贵", "p", bot.id, "我懂")
    assert first.chosen_inline_result.inline_message_id is None
    where = second.chosen_inline_result.inline_message_id
    assert (tapped.callback_query.inline_message_id, tapped.callback_query.message) == (where, None)
    await bot.edit_message_text("换了", inline_message_id=where)
    assert (api.inline_message(where).text, api.inline_message(where).labels) == ("换了", [])
    with pytest.raises(BadRequest, match="nvalid inline message identifier specified"):
        await bot.edit_message_text("x", inline_message_id="?")
