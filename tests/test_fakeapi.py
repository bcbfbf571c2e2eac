"""What the fake Bot API refuses, in Telegram's words, and what it lets through."""
from __future__ import annotations

import pytest
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from tests.telegram_fixtures import post, refusal

NOT_MODIFIED = ("400 Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message")
NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
EMOJI = "😀"  # two UTF-16 units


def keys(*buttons) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[button] for button in buttons])


def data(value: str) -> InlineKeyboardMarkup:
    return keys(InlineKeyboardButton("键", callback_data=value))


def raw_key(**fields) -> InlineKeyboardMarkup:
    return keys(InlineKeyboardButton("键", api_kwargs=fields))


# the address


async def test_a_wrong_token_is_unauthorized(api):
    with pytest.raises(InvalidToken):
        async with Bot("4242424242:somebody_elses_token", api.base_url):
            pass
    assert (api.refusals[-1].code, api.refusals[-1].description) == (401, "Unauthorized")


@pytest.mark.parametrize("path, code, description", [
    ("not-a-token/getMe", 404, "Not Found"),
    ("/getMe", 404, "Not Found"),
    ("0:AAAA/getMe", 401, "Unauthorized: invalid token specified"),
])
async def test_a_malformed_token_is_not_found(api, path, code, description):
    assert await post(api.base_url + path) == (code, {"ok": False, "error_code": code, "description": description})


async def test_an_unknown_method_is_not_found_and_an_unmodelled_one_says_so(api):
    assert await post(f"{api.base_url}{api.token}/sendMesage") == (
        404, {"ok": False, "error_code": 404, "description": "Not Found: method not found"})
    status, body = await post(f"{api.base_url}{api.token}/sendPhoto")
    assert (status, body["description"]) == (
        501, "Not Implemented: the fake Bot API does not model sendPhoto")


@pytest.mark.parametrize("query, body, kind", [
    ("?chat_id=7&text=%E5%97%AF", b"", ""),
    ("", b"chat_id=7&text=%E5%97%AF", "application/x-www-form-urlencoded"),
    ("?chat_id=7", '{"text": "嗯", "protect_content": null}'.encode(), "application/json"),
    ("", '--x\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n7\r\n--x\r\nContent-Disposition: form-data; '
         'name="text"\r\n\r\n嗯\r\n--x--\r\n'.encode(), "multipart/form-data; boundary=x"),
])
async def test_parameters_come_in_the_address_a_form_json_or_multipart(api, li, query, body, kind):
    status, found = await post(f"{api.base_url}{api.token}/SENDMESSAGE{query}", body, kind)
    assert (status, found["result"]["text"], api.calls[-1].params) == (200, "嗯", {"chat_id": 7, "text": "嗯"})


@pytest.mark.parametrize("body, kind, expected", [
    (b"{", "application/json", "Bad Request: can't parse JSON object"),
    (b"[]", "application/json", "Bad Request: object expected as JSON"),
    (b"chat_id=7&text=%ff", "application/x-www-form-urlencoded", "Bad Request: strings must be encoded in UTF-8"),
    (rb'{"chat_id": 7, "text": "\ud83d"}', "application/json", "Bad Request: strings must be encoded in UTF-8"),
])
async def test_what_cannot_be_read_is_refused(api, body, kind, expected):
    status, found = await post(f"{api.base_url}{api.token}/sendMessage", body, kind)
    assert (status, found["description"]) == (400, expected)


async def test_unknown_parameters_are_ignored(api, bot, li):
    assert (await bot.send_message(7, "好", api_kwargs={"colour": "red"})).text == "好"


# sending


@pytest.mark.parametrize("text, options, expected", [
    ("", {}, "message text is empty"),
    ("  \n", {}, "text must be non-empty"),
    ("<b></b>", {"parse_mode": "HTML"}, "text must be non-empty"),
    ("x" * 4097, {}, "message is too long"),
    (EMOJI * 2049, {}, "message is too long"),
    ("x", {"parse_mode": "Wiki"}, "unsupported parse_mode"),
    ("x", {"message_thread_id": 5}, "message thread not found"),
    ("x", {"business_connection_id": "b"}, "business connection not found"),
    ("x", {"entities": [MessageEntity("bold", 0, 2)]},
     "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2"),
    ("x", {"entities": [MessageEntity("bold", 9, 1)]},
     "entity begins after the end of the text at UTF-16 offset 9"),
    ("x", {"entities": [MessageEntity("bold", -1, 1)]}, "receive an entity with incorrect offset -1"),
    ("x", {"entities": [MessageEntity("shiny", 0, 1)]}, "can't parse MessageEntity: Unsupported type specified"),
])
async def test_a_text_is_refused(api, bot, li, text, options, expected):
    assert await refusal(api, bot.send_message(7, text, **options)) == f"400 Bad Request: {expected}"
    assert li.chat.by_bot == []


@pytest.mark.parametrize("html, expected", [
    ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
    ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
    ("太贵<br>", 'Unsupported start tag "br" at byte offset 6'),
    ("保费 < 4000", 'Unsupported start tag "" at byte offset 7'),
    ("保费<4000", "Unclosed start tag at byte offset 6"),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ('<a href="x>y</a>', 'Unclosed start tag "a" at byte offset 0'),
    ("<a href", 'Unclosed start tag "a" at byte offset 0'),
    ("<a href=x", 'Unclosed start tag "a" at byte offset 0'),
    ("<a href=x!>y</a>", "Unexpected end of name token at byte offset 8"),
    ("<a ='x'>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
    ("<tg-emoji emoji-id='x'>y</tg-emoji>", "Invalid custom emoji identifier specified"),
    (f"<tg-emoji emoji-id='{2 ** 63}'>y</tg-emoji>", "Invalid custom emoji identifier specified"),
])
async def test_bad_html_is_refused_with_its_byte_offset(api, bot, li, html, expected):
    found = await refusal(api, bot.send_message(7, html, parse_mode="HTML"))
    assert found == f"400 Bad Request: can't parse entities: {expected}"


@pytest.mark.parametrize("html, text, marks", [
    ("<b>太贵</b>了", "太贵了", [("bold", "太贵")]),
    (f"{EMOJI}<i>x</i>", f"{EMOJI}x", [("italic", "x")]),
    ("<b>a<i>b</i></b>", "ab", [("bold", "ab"), ("italic", "b")]),
    ("1 &lt; 2 &amp;&#x27;&#39;&quot;", "1 < 2 &''\"", []),
    ("a&nbsp;b &foo; & c", "a&nbsp;b &foo; & c", []),
    (" <code> x /quiz </code> ", "x /quiz", [("code", "x /quiz")]),
    ('<pre><code class="language-py">x</code></pre>', "x", [("pre", "x")]),
    ('<a href="https://a.cn/?a=1&amp;b=2">看</a>', "看", [("text_link", "看")]),
    ('<a href="x">无</a><a href=a.cn>链</a><span class=tg-spoiler>藏</span>', "无链藏",
     [("text_link", "链"), ("spoiler", "藏")]),
    ("<code>a<b>b</b></code><i></i>", "ab", [("code", "ab")]),
    ("<code>a:</code>/quiz", "a:/quiz", [("code", "a:"), ("bot_command", "/quiz")]),
    ("/quiz<code>:</code>", "/quiz:", [("bot_command", "/quiz"), ("code", ":")]),
    ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍", [("custom_emoji", "👍")]),
    ("<blockquote expandable>引</blockquote>", "引", [("expandable_blockquote", "引")]),
    ('<tg-spoiler>x</tg-spoiler><span class="tg-spoiler">y</span>', "xy", [("spoiler", "x"), ("spoiler", "y")]),
    ("/quiz@renewal_coach_bot 去 @boss https://a.cn", "/quiz@renewal_coach_bot 去 @boss https://a.cn",
     [("bot_command", "/quiz@renewal_coach_bot"), ("mention", "@boss"), ("url", "https://a.cn")]),
])
async def test_good_html_becomes_text_and_entities(api, bot, li, html, text, marks):
    await bot.send_message(7, html, parse_mode="html")
    assert (li.chat.last.text, list(li.chat.last.marks)) == (text, marks)


@pytest.mark.parametrize("text, parse_mode", [
    ("x" * 4096, None), (EMOJI * 2048, None), ("<b>" + "字" * 4096 + "</b>", "HTML")])
async def test_the_limit_counts_utf16_units_after_parsing(bot, li, text, parse_mode):
    assert (await bot.send_message(7, text, parse_mode=parse_mode)).message_id == 2


async def test_entities_may_reach_the_end_of_the_text_and_are_trimmed_with_it(bot, li):
    sent = await bot.send_message(7, " 好的 ", entities=[
        MessageEntity("bold", 0, 4), MessageEntity("italic", 3, 1), MessageEntity("code", 4, 0)])
    assert [(one.type, one.offset, one.length) for one in sent.entities] == [("bold", 0, 2)]


async def test_only_the_first_hundred_entities_are_kept(bot, li):
    sent = await bot.send_message(7, "<b>x</b> " * 101, parse_mode="HTML")
    assert (len(sent.entities), sent.text.count("x")) == (100, 101)


async def test_a_mention_by_id_names_whom_the_bot_knows_and_is_dropped_for_a_stranger(bot, li):
    sent = await bot.send_message(7, '<a href="tg://user?id=7">李</a><a href="tg://user?id=99">某</a>', parse_mode="HTML")
    assert [(entity.type, entity.user.first_name) for entity in sent.entities] == [("text_mention", "小李")]


@pytest.mark.parametrize("chat", [0, 8, -4_000_009, "@nobody", "abc"])
async def test_an_unknown_chat_is_not_found(api, bot, chat):
    api.person(8, "陌生人")
    assert await refusal(api, bot.send_message(chat, "x")) == "400 Bad Request: chat not found"


async def test_without_a_chat_nothing_is_sent(api):
    status, found = await post(f"{api.base_url}{api.token}/sendMessage?text=x")
    assert (status, found["description"]) == (400, "Bad Request: chat_id is empty")


async def test_who_blocked_the_bot_gets_nothing_until_they_are_back(api, bot, li):
    await li.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(7, "x")
    assert await refusal(api, bot.send_chat_action(7, "typing")) == "403 Forbidden: bot was blocked by the user"
    await li.start()
    assert (await bot.send_message(7, "x")).text == "x"


async def test_who_was_only_met_in_a_group_cannot_be_written_to(api, bot):
    api.group("早会", api.person(8, "小王"))
    assert await refusal(api, bot.send_message(8, "x")) == (
        "403 Forbidden: bot can't initiate conversation with a user")


@pytest.mark.parametrize("supergroup, kind", [(False, "group"), (True, "supergroup")])
async def test_a_group_without_the_bot_is_closed_to_it(api, bot, li, supergroup, kind):
    group = api.group("早会", li, supergroup=supergroup, bot=False)
    assert await refusal(api, bot.send_message(group.id, "x")) == (
        f"403 Forbidden: bot is not a member of the {kind} chat")
    await group.invite(li)
    assert (await bot.send_message(group.id, "x")).chat.title == "早会"
    group.mute()
    assert await refusal(api, bot.send_message(group.id, "x")) == (
        "400 Bad Request: not enough rights to send text messages to the chat")
    await group.kick(li)
    assert await refusal(api, bot.send_message(group.id, "x")) == f"403 Forbidden: bot was kicked from the {kind} chat"


async def test_an_upgraded_group_names_its_new_id(api, bot, li):
    group = api.group("早会", li)
    other = await group.upgrade()
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(group.id, "x")
    assert (caught.value.new_chat_id, api.refusals[-1].description) == (
        other.id, "Bad Request: group chat was upgraded to a supergroup chat")
    assert (await bot.send_message(other.id, "x")).message_id == 2


async def test_a_reply_to_nothing_is_refused_unless_it_may_stand_alone(api, bot, li):
    lost = ReplyParameters(99)
    assert await refusal(api, bot.send_message(7, "x", reply_parameters=lost)) == (
        "400 Bad Request: message to be replied not found")
    alone = await bot.send_message(7, "x", reply_parameters=ReplyParameters(99, allow_sending_without_reply=True))
    assert alone.reply_to_message is None
    reply = await bot.send_message(7, "y", reply_parameters=ReplyParameters(alone.message_id))
    assert reply.reply_to_message.text == "x"
    assert await refusal(api, bot.send_message(7, "x", api_kwargs={"reply_parameters": {"quote": "x"}})) == (
        '400 Bad Request: can\'t find field "message_id"')


# keyboards


@pytest.mark.parametrize("markup, expected", [
    (data("字" * 21 + "ab"), "BUTTON_DATA_INVALID"),
    (raw_key(callback_data=""), NO_ACTION),
    (raw_key(), NO_ACTION),
    (raw_key(callback_data=5), 'can\'t parse inline keyboard button: Field "callback_data" must be of type String'),
    (raw_key(callback_data="x", url="https://a.cn"),
     "can't parse inline keyboard button: exactly one of url, callback_data must be used"),
    (keys(InlineKeyboardButton(" ", callback_data="x")), "inline keyboard button text must be non-empty"),
    (raw_key(copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
    (keys(InlineKeyboardButton("抄", copy_text=CopyTextButton("字" * 257))), "BUTTON_COPY_TEXT_INVALID"),
    (raw_key(copy_text="x"), 'can\'t parse inline keyboard button: Field "copy_text" must be of type Object'),
    (keys(*[InlineKeyboardButton("键", callback_data="x")] * 101), "reply markup is too long"),
    (InlineKeyboardMarkup([[InlineKeyboardButton("键", callback_data="x")] * 9]), "reply markup is too long"),
    (keys(InlineKeyboardButton("链", url="not-a-url")),
     "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL"),
    (keys(InlineKeyboardButton("链", url="http://localhost:8000")),
     "inline keyboard button URL 'http://localhost:8000' is invalid: Wrong HTTP URL"),
    (keys(InlineKeyboardButton("链", url="ftp://a.cn")),
     "inline keyboard button URL 'ftp://a.cn' is invalid: Unsupported URL protocol"),
    (keys(InlineKeyboardButton("付", pay=True)), "BUTTON_TYPE_INVALID"),
])
async def test_a_keyboard_is_refused(api, bot, li, markup, expected):
    assert await refusal(api, bot.send_message(7, "x", reply_markup=markup)) == f"400 Bad Request: {expected}"


@pytest.mark.parametrize("markup, expected", [
    ("[", "can't parse reply keyboard markup JSON object"),
    ("[]", "object expected as reply markup"),
    ('{"inline_keyboard": "x"}', 'field "inline_keyboard" must be of type Array'),
    ('{"inline_keyboard": [[{"callback_data": "x"}]]}',
     'can\'t parse inline keyboard button: Can\'t find field "text"'),
    ('{"inline_keyboard": [[{"text": 5, "callback_data": "x"}]]}',
     'can\'t parse inline keyboard button: Field "text" must be of type String'),
    ('{"inline_keyboard": [5]}', "can't parse inline keyboard: Expected an Array of button rows"),
    ('{"inline_keyboard": [[5]]}', "can't parse inline keyboard button: KeyboardButton must be an Object"),
    ('{"force_reply": "yes"}', 'field "force_reply" must be of type Boolean'),
])
async def test_markup_that_cannot_be_read_is_refused(api, bot, li, markup, expected):
    found = await refusal(api, bot.send_message(7, "x", api_kwargs={"reply_markup": markup}))
    assert found == f"400 Bad Request: {expected}"


async def test_a_keyboard_at_its_limits_is_shown(bot, li):
    await bot.send_message(7, "x", reply_markup=InlineKeyboardMarkup(
        [[InlineKeyboardButton("键", callback_data="字" * 21 + "a")] * 8] * 12
        + [[InlineKeyboardButton("抄", copy_text=CopyTextButton("字" * 256))] * 4]))
    assert (len(li.chat.last.labels), li.chat.last.button("抄").value) == (100, "字" * 256)


# editing and deleting


async def test_an_edit_is_refused_for_what_is_not_there_not_its_own_or_not_changed(api, bot, li):
    sent = await bot.send_message(7, "<b>好</b>", parse_mode="HTML", reply_markup=data("x"))
    assert await refusal(api, bot.edit_message_text("x", 7, 99)) == "400 Bad Request: message to edit not found"
    assert await refusal(api, bot.edit_message_text("x", 7, 1)) == "400 Bad Request: message can't be edited"
    assert await refusal(api, bot.edit_message_text("x", 7)) == "400 Bad Request: message identifier is not specified"
    assert await refusal(api, bot.edit_message_text("好 ", 7, 2, entities=[MessageEntity("bold", 0, 1)],
                                                    reply_markup=data("x"))) == NOT_MODIFIED
    assert await refusal(api, bot.edit_message_reply_markup(7, 2, reply_markup=data("x"))) == NOT_MODIFIED
    assert await refusal(api, bot.edit_message_text("", 7, 2)) == "400 Bad Request: message text is empty"
    assert await refusal(api, bot.edit_message_text("x" * 4097, 7, 2)) == "400 Bad Request: MESSAGE_TOO_LONG"
    assert await refusal(api, bot.edit_message_text("x", 7, 2, reply_markup=data("x" * 65))) == (
        "400 Bad Request: BUTTON_DATA_INVALID")
    assert await refusal(api, bot.edit_message_text("x", 7, 2, reply_markup=ReplyKeyboardMarkup([["一"]]))) == (
        "400 Bad Request: inline keyboard expected")
    assert (li.chat.last.text, li.chat.last.edited, li.chat.last.labels) == ("好", False, ["键"])
    assert sent.message_id == 2


async def test_an_edit_without_a_keyboard_takes_it_away(bot, li):
    await bot.send_message(7, "好", reply_markup=data("x"))
    await bot.edit_message_text("更好", 7, 2)
    assert (li.chat.last.text, li.chat.last.labels, li.chat.last.edited) == ("更好", [], True)
    await bot.edit_message_reply_markup(7, 2, reply_markup=data("y"))
    assert (li.chat.last.text, li.chat.last.button("y").label) == ("更好", "键")


async def test_a_message_with_a_reply_keyboard_can_never_be_edited(api, bot, li):
    await bot.send_message(7, "选", reply_markup=ReplyKeyboardMarkup([["一", "二"]]))
    assert await refusal(api, bot.edit_message_text("x", 7, 2)) == "400 Bad Request: message can't be edited"


async def test_deleting_is_refused_for_what_is_gone_others_and_old(api, bot, li, clock):
    group = api.group("早会", li)
    theirs = await li.say("/quiz", group)
    assert await refusal(api, bot.delete_message(7, 99)) == "400 Bad Request: message to delete not found"
    assert await refusal(api, bot.delete_message(group.id, theirs.id)) == "400 Bad Request: message can't be deleted"
    await bot.send_message(7, "旧")
    clock.time += 48 * 3600 + 1
    last = li.chat.last.id
    assert await refusal(api, bot.delete_message(7, last)) == "400 Bad Request: message can't be deleted for everyone"
    await bot.send_message(7, "新")
    await bot.delete_message(7, last + 1)
    assert [message.text for message in li.chat.by_bot] == ["旧"]
    with pytest.raises(BadRequest):
        await bot.edit_message_text("x", 7, last + 1)


async def test_forwards_and_copies_need_the_message(api, bot, li):
    await bot.send_message(7, "<b>好</b>", parse_mode="HTML")
    assert await refusal(api, bot.forward_message(7, 7, 99)) == "400 Bad Request: message to forward not found"
    assert await refusal(api, bot.copy_message(7, 7, 99)) == "400 Bad Request: message to copy not found"
    forward = await bot.forward_message(7, 7, 2)
    assert (forward.text, forward.forward_origin.sender_user.id) == ("好", bot.id)
    assert (await bot.copy_message(7, 7, 2)).message_id == 4
    assert li.chat.last.marks == (("bold", "好"),)
    assert await refusal(api, bot.edit_message_text("x", 7, 3)) == "400 Bad Request: message can't be edited"


async def test_signs_of_life_are_shown_and_wrong_ones_refused(api, bot, li):
    assert await refusal(api, bot.send_chat_action(7, "dancing")) == (
        "400 Bad Request: wrong parameter action in request")
    await bot.send_chat_action(7, "typing")
    await bot.set_message_reaction(7, 1, "👍")
    assert (li.chat.actions, li.chat.messages[0].reaction) == (("typing",), "👍")
    assert await refusal(api, bot.set_message_reaction(7, 99, "👍")) == "400 Bad Request: message to react not found"
