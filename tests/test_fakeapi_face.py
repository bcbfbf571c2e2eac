"""The bot's own face in the fake: commands, descriptions, what it may see of chats; and the fake's own mistakes."""
from __future__ import annotations

import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeChatAdministrators
from telegram.request import HTTPXRequest

from assistant.fakeapi import FakeBotApi
from tests.telegram_fixtures import post, refusal


@pytest.mark.parametrize("commands, expected", [
    ([("太贵", "x")], "BOT_COMMAND_INVALID"),
    ([("Quiz", "x")], "BOT_COMMAND_INVALID"),
    ([("", "x")], "command must be non-empty"),
    ([("x" * 33, "x")], "command length must not exceed 32"),
    ([("x", "")], "command description must be non-empty"),
    ([("x", "字" * 257)], "command description length must not exceed 256"),
    ([("x", "x")] * 101, "BOT_COMMANDS_TOO_MUCH"),
])
async def test_commands_are_refused(api, bot, commands, expected):
    found = await refusal(api, bot.set_my_commands([BotCommand(*one) for one in commands]))
    assert found == f"400 Bad Request: {expected}"


async def test_commands_are_kept_by_scope_and_language(api, bot, li):
    await bot.set_my_commands([("quiz", "练一题")] * 100)
    await bot.set_my_commands([("team", "团队")], scope=BotCommandScopeChat(7), language_code="zh")
    assert len(await bot.get_my_commands()) == 100
    assert await bot.get_my_commands(scope=BotCommandScopeChat(7), language_code="zh") == (BotCommand("team", "团队"),)
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    assert await refusal(api, bot.set_my_commands([], scope=BotCommandScopeChat(99))) == (
        "400 Bad Request: chat not found")
    assert await refusal(api, bot.set_my_commands([], scope=BotCommandScopeChatAdministrators(7))) == (
        "400 Bad Request: can't use specified scope in private chats")
    assert await refusal(api, bot.set_my_commands([], language_code="chinese")) == (
        "400 Bad Request: invalid language code specified")


async def test_name_and_descriptions_have_their_limits(api, bot):
    assert await refusal(api, bot.set_my_name("字" * 65)) == "400 Bad Request: BOT_TITLE_INVALID"
    assert await refusal(api, bot.set_my_name("")) == "400 Bad Request: BOT_TITLE_INVALID"
    assert await refusal(api, bot.set_my_description("字" * 513)) == "400 Bad Request: BOT_DESCRIPTION_INVALID"
    assert await refusal(api, bot.set_my_short_description("字" * 121)) == "400 Bad Request: BOT_SHARETEXT_INVALID"
    await bot.set_my_name("字" * 64)
    await bot.set_my_description("字" * 512)
    await bot.set_my_short_description("字" * 120)
    assert (await bot.get_my_name()).name == "字" * 64
    assert (await bot.get_my_description()).description == "字" * 512
    assert (await bot.get_my_short_description()).short_description == "字" * 120


async def test_the_bot_can_look_at_itself_at_chats_and_at_members(api, bot, li):
    me = await bot.get_me()
    assert (me.username, me.can_read_all_group_messages) == ("renewal_coach_bot", False)
    group = api.group("早会", li, supergroup=True, username="morning")
    assert (await bot.get_chat(7)).first_name == "小李"
    assert (await bot.get_chat("@morning")).title == "早会"
    assert (await bot.get_chat_member(group.id, 7)).status == "creator"
    assert [one.user.id for one in await bot.get_chat_administrators(group.id)] == [7]
    assert await bot.get_chat_member_count(group.id) == 2
    await group.promote(li)
    assert (await bot.get_chat_member(group.id, bot.id)).status == "administrator"
    assert await refusal(api, bot.get_chat_member(group.id, 99)) == "400 Bad Request: user not found"
    assert await refusal(api, bot.get_chat(99)) == "400 Bad Request: chat not found"
    await bot.leave_chat(group.id)
    assert await refusal(api, bot.send_message(group.id, "x")) == (
        "403 Forbidden: bot is not a member of the supergroup chat")
    assert await refusal(api, bot.leave_chat(7)) == (
        "400 Bad Request: chat member status can't be changed in private chats")


async def test_a_mistake_of_the_fake_itself_does_not_pass_unseen(clock):
    with pytest.raises(RuntimeError, match="the fake Bot API itself failed"):
        async with FakeBotApi(now=clock) as broken:
            broken.world.me = None
            await post(f"{broken.base_url}{broken.token}/getMe")


async def test_a_bot_of_ptb_reads_every_answer(api):
    async with Bot(api.token, api.base_url, request=HTTPXRequest()) as reading:
        assert (await reading.get_webhook_info()).pending_update_count == 0
