"""The methods about messages: send, edit, forward, copy, delete, and signs of life."""
from __future__ import annotations

from typing import Any

from assistant.fakeapi.keyboards import Markup, check_markup, is_inline, parse_markup, read_markup
from assistant.fakeapi.markup import read_text, refuse_long
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import NOT_MODIFIED, bad, not_modelled
from assistant.fakeapi.world import Chat, Json, World

DELETABLE = 48 * 3600  # seconds
ACTIONS = frozenset({"cancel", "typing", "record_video", "upload_video", "record_voice", "record_audio", "upload_voice",
                     "upload_audio", "upload_photo", "upload_document", "choose_sticker", "find_location",
                     "record_video_note", "upload_video_note"})


def send_message(world: World, params: Params) -> Json:
    """sendMessage."""
    text, entities = read_text(params)
    markup = read_markup(params)
    chat = world.chat_to_write(params)
    reply = replied(world, chat, params)
    refuse_long(text)
    return post(world, chat, {**_prose(world, text, entities), **reply}, markup)


def post(world: World, chat: Chat, content: Json, markup: Markup | None) -> Json:
    """Stores what the bot says, with its keyboard if that stays with the message."""
    check_markup(markup)
    if markup and is_inline(markup):
        content = {**content, "reply_markup": markup}
    message = world.keep(chat, world.me, content)
    if not is_inline(markup):
        chat.uneditable.add(message["message_id"])
    return world.current(message)


def replied(world: World, chat: Chat, params: Params) -> Json:
    """`reply_to_message` for the new message, or nothing. Both the new and the old parameters are read."""
    given = params.json("reply_parameters", "can't parse reply parameters JSON object")
    if given is None:
        number, lenient = params.integer("reply_to_message_id"), params.flag("allow_sending_without_reply")
        if not number:
            return {}
    else:
        if not isinstance(given, dict):
            raise bad("object expected as reply parameters")
        if "message_id" not in given:
            raise bad('can\'t find field "message_id"')
        if str(given.get("chat_id", chat.id)) != str(chat.id):
            raise not_modelled("replies to a message of another chat")
        number, lenient = int(given["message_id"]), bool(given.get("allow_sending_without_reply"))
    if number not in chat.messages:
        if lenient:
            return {}
        raise bad("message to be replied not found")
    target = world.current(chat.messages[number])
    target.pop("reply_to_message", None)
    return {"reply_to_message": target}


def _prose(world: World, text: str, entities: list[Json]) -> Json:
    entities = world.introduce(entities)
    return {"text": text, "entities": entities} if entities else {"text": text}


def find_message(world: World, params: Params, missing: str) -> tuple[Chat, Json]:
    """The chat and message that the parameters mean; `missing` is what Telegram says when it is not there."""
    chat = world.open_chat(params.text("chat_id"))
    if not params.text("message_id"):
        raise bad("message identifier is not specified")
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad(missing)
    return chat, message


def edit_message_text(world: World, params: Params) -> Any:
    """editMessageText. Without a keyboard the old one goes, as Telegram does."""
    text, entities = read_text(params)
    markup = read_markup(params, inline_only=True)
    if params.text("inline_message_id"):
        return _edit_inline(world, params, _prose(world, text, entities), markup)
    chat, message = find_message(world, params, "message to edit not found")
    _refuse_foreign(world, chat, message)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    refuse_long(text, "MESSAGE_TOO_LONG")
    return _replace(world, message, _prose(world, text, entities), markup)


def edit_message_reply_markup(world: World, params: Params) -> Any:
    """editMessageReplyMarkup."""
    markup = read_markup(params, inline_only=True)
    if params.text("inline_message_id"):
        return _edit_inline(world, params, {}, markup)
    chat, message = find_message(world, params, "message to edit not found")
    _refuse_foreign(world, chat, message)
    return _replace(world, message, {}, markup)


def _refuse_foreign(world: World, chat: Chat, message: Json) -> None:
    if not world.from_bot(message) or message["message_id"] in chat.uneditable or "forward_origin" in message:
        raise bad("message can't be edited")


def _replace(world: World, message: Json, content: Json, markup: Markup | None) -> Json:
    check_markup(markup)
    old = {name: message.get(name) for name in ("text", "entities", "reply_markup")}
    new = {**old, "reply_markup": markup}
    if content:
        new |= {"text": content["text"], "entities": content.get("entities")}
    if new == old:
        raise bad(NOT_MODIFIED)
    for name, value in new.items():
        if value is None:
            message.pop(name, None)
        else:
            message[name] = value
    message["edit_date"] = world.date()
    return world.current(message)


def _edit_inline(world: World, params: Params, content: Json, markup: Markup | None) -> bool:
    message = world.inline_messages.get(params.text("inline_message_id"))
    if message is None:
        raise bad("invalid inline message identifier specified")
    refuse_long(content.get("text", ""), "MESSAGE_TOO_LONG")
    _replace(world, message, content, markup)
    return True


def delete_message(world: World, params: Params) -> bool:
    """deleteMessage: its own within 48 hours, others' in a private chat or as an administrator."""
    chat, message = find_message(world, params, "message to delete not found")
    if world.date() - message["date"] > DELETABLE:
        raise bad("message can't be deleted for everyone")
    if not world.from_bot(message) and chat.type != "private" and chat.bot != "administrator":
        raise bad("message can't be deleted")
    del chat.messages[message["message_id"]]
    return True


def delete_messages(world: World, params: Params) -> bool:
    """deleteMessages: up to 100, silently passing over those that are not there."""
    numbers = params.json("message_ids", "can't parse message identifiers JSON object")
    if not isinstance(numbers, list) or not numbers:
        raise bad("message identifiers are not specified")
    if len(numbers) > 100:
        raise bad("too many message identifiers specified")
    chat = world.open_chat(params.text("chat_id"))
    for number in numbers:
        chat.messages.pop(int(number), None)
    return True


def forward_message(world: World, params: Params) -> Json:
    """forwardMessage."""
    return _again(world, params, "forward")


def copy_message(world: World, params: Params) -> Json:
    """copyMessage."""
    return {"message_id": _again(world, params, "copy")["message_id"]}


def _again(world: World, params: Params, what: str) -> Json:
    chat = world.chat_to_write(params)
    source = world.open_chat(params.text("from_chat_id"))
    message = source.messages.get(params.integer("message_id"))
    if message is None:
        raise bad(f"message to {what} not found")
    if "text" not in message:
        raise not_modelled(f"{what}ing a message without text")
    content = {name: message[name] for name in ("text", "entities") if name in message}
    if what == "forward":
        content["forward_origin"] = message.get("forward_origin") or {
            "type": "user", "sender_user": message["from"], "date": message["date"]}
        return post(world, chat, content, None)
    return post(world, chat, {**content, **replied(world, chat, params)}, read_markup(params))


def send_chat_action(world: World, params: Params) -> bool:
    """sendChatAction."""
    if params.text("action").lower() not in ACTIONS:
        raise bad("wrong parameter action in request")
    world.open_chat(params.text("chat_id")).actions.append(params.text("action").lower())
    return True


def set_message_reaction(world: World, params: Params) -> bool:
    """setMessageReaction: one emoji at most, as for a bot."""
    reaction = params.json("reaction", "can't parse reaction types JSON object") or []
    chat, message = find_message(world, params, "message to react not found")
    if len(reaction) > 1:
        raise bad("REACTIONS_TOO_MANY")
    chat.reactions[message["message_id"]] = "".join(one.get("emoji", "") for one in reaction)
    return True


def send_message_draft(world: World, params: Params) -> bool:
    """sendMessageDraft: a preview in a private chat, which no message keeps."""
    if params.text("text"):
        text, _ = read_text(params)
        refuse_long(text)
    chat = world.chat_to_write(params)
    if chat.type != "private":
        raise bad("message drafts can be sent only to private chats")  # our wording
    if not params.integer("draft_id"):
        raise bad("draft identifier must be non-zero")  # our wording
    chat.actions.append("typing")
    return True


def inline_content(world: World, given: Any) -> tuple[Json, Markup | None]:
    """The message that an inline result would send: its text and keyboard, checked."""
    what = "can't parse inline query result: "
    content = given.get("input_message_content")
    if not isinstance(content, dict):
        raise bad(f'{what}Can\'t find field "input_message_content"')
    if "message_text" not in content:
        raise not_modelled("inline results that are not text")
    text, entities = read_text(content, "message_text")
    refuse_long(text)
    markup = parse_markup(given["reply_markup"], inline_only=True) if given.get("reply_markup") else None
    check_markup(markup)
    return _prose(world, text, entities), markup


def leave_chat(world: World, params: Params) -> bool:
    """leaveChat."""
    chat = world.open_chat(params.text("chat_id"))
    if chat.type == "private":
        raise bad("chat member status can't be changed in private chats")
    chat.bot = "left"
    return True
