"""Values of the wrong shape, which PTB never sends but a hand-made request may; and what the fake says it does not model."""
from __future__ import annotations

import json

import pytest

from tests.telegram_fixtures import post

CONTENT = {"message_text": "x"}
RESULT = {"type": "article", "id": "1", "title": "t", "input_message_content": CONTENT}
POLL = {"chat_id": 7, "question": "问", "options": ["甲", "乙"]}
QUIZ = {**POLL, "type": "quiz"}


async def call(api, method: str, **params) -> str:
    """What a raw call as JSON is told: the description of its refusal, "" if it was accepted."""
    _, found = await post(f"{api.base_url}{api.token}/{method}", json.dumps(params).encode(), "application/json")
    return found.get("description", "")


@pytest.mark.parametrize("method, params, expected", [
    ("sendMessage", {"text": "x", "entities": {}}, "expected an Array of MessageEntity"),
    ("sendMessage", {"text": "x", "entities": "["}, "can't parse entities JSON object"),
    ("sendMessage", {"text": "x", "reply_parameters": []}, "object expected as reply parameters"),
    ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[
        {"text": "看", "web_app": {"url": "http://a.cn"}}]]}},
     "inline keyboard button Web App URL 'http://a.cn' is invalid: Only HTTPS links are allowed"),
    ("deleteMessages", {}, "message identifiers are not specified"),
    ("deleteMessages", {"message_ids": list(range(101))}, "too many message identifiers specified"),
    ("setMessageReaction", {"message_id": 1, "reaction": [{"type": "emoji", "emoji": "👍"}] * 2}, "REACTIONS_TOO_MANY"),
    ("sendPoll", {"question": "问"}, "can't parse options JSON object"),
    ("sendPoll", {**POLL, "options": {}}, "expected an Array of InputPollOption"),
    ("sendPoll", {**POLL, "options": [5, 6]},
     "can't parse InputPollOption: Expected InputPollOption to be an Object"),
    ("sendPoll", {**POLL, "options": [{}]}, 'can\'t parse InputPollOption: Can\'t find field "text"'),
    ("sendPoll", {**QUIZ, "correct_option_ids": {}}, "expected an Array of correct option identifiers"),
    ("sendPoll", {**QUIZ, "correct_option_ids": ["0"]}, "correct option identifier must be of type Number"),
    ("setMyCommands", {"commands": {"a": 1}}, "expected an Array of BotCommand"),
    ("setMyCommands", {"commands": [5]}, "can't parse BotCommand: expected an Object"),
    ("setMyCommands", {"commands": [{"command": "x"}]}, 'can\'t parse BotCommand: Can\'t find field "description"'),
    ("setMyCommands", {"scope": {"type": "world"}}, "can't parse BotCommandScope: Unsupported type specified"),
    ("setMyCommands", {"scope": {"type": "chat_member", "chat_id": -4000001}}, "invalid user_id specified"),
    ("getChatMember", {}, "invalid user_id specified"),
    ("getChatMember", {"user_id": 8}, "member not found"),
    ("getChatAdministrators", {}, "there are no administrators in the private chat"),
    ("answerInlineQuery", {"results": {}}, "expected an Array of inline query results"),
    ("answerInlineQuery", {"results": [5]}, "can't parse inline query result: expected an Object"),
    ("answerInlineQuery", {"results": [{"id": "1"}]},
     'can\'t parse inline query result: type "" is unsupported for the inline query result'),
    ("answerInlineQuery", {"results": [{**RESULT, "title": None}]},
     'can\'t parse inline query result: Can\'t find field "title"'),
    ("answerInlineQuery", {"results": [{**RESULT, "input_message_content": None}]},
     'can\'t parse inline query result: Can\'t find field "input_message_content"'),
    ("answerInlineQuery", {"results": [], "button": {}},
     'can\'t parse inline query results button: Can\'t find field "text"'),
    ("answerInlineQuery", {"results": [], "button": {"text": "去"}},
     "can't parse inline query results button: Button must have exactly one action"),
    ("sendMessageDraft", {"chat_id": -4000001, "draft_id": 1}, "message drafts can be sent only to private chats"),
    ("sendMessageDraft", {}, "draft identifier must be non-zero"),
    ("sendMessageDraft", {"draft_id": 1, "text": "x" * 4097}, "message is too long"),
])
async def test_a_wrong_shape_is_refused(api, li, method, params, expected):
    api.group("早会", li)
    assert await call(api, method, **{"chat_id": 7, **params}) == f"Bad Request: {expected}"


@pytest.mark.parametrize("method, params, what", [
    ("sendMessage", {"text": "*x*", "parse_mode": "MarkdownV2"}, "parse_mode MarkdownV2: send HTML"),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": 1, "chat_id": 8}},
     "replies to a message of another chat"),
    ("forwardMessage", {"from_chat_id": 7, "message_id": 2}, "forwarding a message without text"),
    ("answerCallbackQuery", {"url": "https://a.cn"}, "answerCallbackQuery with url"),
    ("answerInlineQuery", {"results": [{**RESULT, "type": "photo"}]}, "inline results of type photo"),
    ("answerInlineQuery", {"results": [{**RESULT, "input_message_content": {"latitude": 1}}]},
     "inline results that are not text"),
])
async def test_what_the_fake_does_not_model_it_says(api, li, method, params, what):
    await li.send(voice={"file_id": "v"})
    await call(api, "sendMessage", chat_id=7, text="x", reply_markup={
        "inline_keyboard": [[{"text": "键", "callback_data": "x"}]]})
    tap = await li.tap(3, "键")
    assert await call(api, method, **{"chat_id": 7, "callback_query_id": tap.query.id, **params}) == (
        f"Not Implemented: the fake Bot API does not model {what}")


async def test_right_shapes_pass(api, li):
    group = api.group("早会", li)
    tap = await li.inline("x")
    for method, params in [
            ("sendMessage", {"text": "选", "reply_markup": {"keyboard": [["一", {"text": "二"}]]}}),
            ("sendMessage", {"text": "说", "reply_markup": {"force_reply": True}}),
            ("sendPoll", {**QUIZ, "options": [{"text": "甲"}, {"text": "乙"}], "correct_option_id": 1, "open_period": 60}),
            ("stopPoll", {"message_id": 4, "reply_markup": {"inline_keyboard": [[{"text": "续", "callback_data": "x"}]]}}),
            ("setMyCommands", {"scope": {"type": "chat_member", "chat_id": group.id, "user_id": 7}, "commands": []}),
            ("getChatMember", {"user_id": 7}), ("getChatMemberCount", {}),
            ("sendMessageDraft", {"draft_id": 1, "text": "想"}),
            ("getUpdates", {"allowed_updates": "["}), ("deleteMessages", {"message_ids": [2, 99]}),
            ("answerInlineQuery", {"inline_query_id": tap.query.id, "results": []})]:
        assert await call(api, method, **{"chat_id": 7, **params}) == "", method
    assert [message.id for message in li.chat.messages] == [1, 3, 4]
    assert (li.chat.last.poll["is_closed"], li.chat.last.labels, li.chat.actions) == (True, ["续"], ("typing",))


async def test_a_persons_own_poll_cannot_be_stopped(api, li):
    poll = await li.send(poll={"id": "theirs", "question": "问"})
    assert await call(api, "stopPoll", chat_id=7, message_id=poll.id) == "Bad Request: poll can't be stopped"


async def test_an_inline_keyboard_can_be_changed_alone_and_a_query_from_a_button(api, li):
    keyboard = {"inline_keyboard": [[{"text": "搜", "switch_inline_query_current_chat": "太贵"}]]}
    await call(api, "sendMessage", chat_id=7, text="x", reply_markup=keyboard)
    await li.tap(2, "搜")
    assert api.updates.pending[-1]["inline_query"]["query"] == "太贵"
    asked = await li.inline("x")
    await call(api, "answerInlineQuery", inline_query_id=asked.query.id, results=[{**RESULT, "reply_markup": keyboard}])
    shown = await li.choose(asked, "1")
    assert await call(api, "editMessageReplyMarkup", inline_message_id=shown.inline_id) == ""
    assert api.inline_message(shown.inline_id).labels == []
