"""The bot's own face and the chats it may look at: commands, descriptions, members."""
from __future__ import annotations

import re
from typing import Any

from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import bad
from assistant.fakeapi.world import Chat, Json, World

SCOPES = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
                    "chat_administrators", "chat_member"})
TEXTS = {  # parameter: its limit in characters and what the server says beyond it
    "name": (64, "BOT_TITLE_INVALID"),
    "description": (512, "BOT_DESCRIPTION_INVALID"),  # our wording
    "short_description": (120, "BOT_SHARETEXT_INVALID"),
}
LANGUAGE = re.compile(r"[a-z]{2}|")
MEMBER_RIGHTS = ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
                 "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users",
                 "can_post_stories", "can_edit_stories", "can_delete_stories")


def get_me(world: World, params: Params) -> Json:
    """getMe."""
    return {**world.me, "can_join_groups": True, "can_read_all_group_messages": not world.privacy,
            "supports_inline_queries": True, "can_connect_to_business": False, "has_main_web_app": False}


def _language(params: Params) -> str:
    if not LANGUAGE.fullmatch(params.text("language_code")):
        raise bad("invalid language code specified")
    return params.text("language_code")


def _command_list(world: World, params: Params) -> str:
    """The key of the list that a scope and a language mean."""
    scope = params.json("scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    key = scope["type"]
    if key in ("chat", "chat_administrators", "chat_member"):
        chat = world.visible_chat(str(scope.get("chat_id", "")))
        if chat.type == "private" and key != "chat":
            raise bad("can't use specified scope in private chats")
        key += f":{chat.id}"
    if scope["type"] == "chat_member":
        if not isinstance(scope.get("user_id"), int):
            raise bad("invalid user_id specified")
        key += f":{scope['user_id']}"
    return f"{key}/{_language(params)}"


def set_my_commands(world: World, params: Params) -> bool:
    """setMyCommands; an empty list takes the commands away."""
    given = params.json("commands", "can't parse commands JSON object") or []
    if not isinstance(given, list):
        raise bad("expected an Array of BotCommand")
    key = _command_list(world, params)
    commands = [_command(one) for one in given]
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    if not all(re.fullmatch("[a-z0-9_]+", one["command"]) for one in commands):
        raise bad("BOT_COMMAND_INVALID")
    world.commands[key] = commands
    return True


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad("can't parse BotCommand: expected an Object")  # our wording
    for name in ("command", "description"):
        if name not in given:
            raise bad(f'can\'t parse BotCommand: Can\'t find field "{name}"')
    command, description = str(given["command"]).removeprefix("/"), str(given["description"]).strip()
    if not command:
        raise bad("command must be non-empty")
    if len(command) > 32:
        raise bad("command length must not exceed 32")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("command description length must not exceed 256")
    return {"command": command, "description": description}


def get_my_commands(world: World, params: Params) -> list[Json]:
    """getMyCommands of exactly this scope and language."""
    return world.commands.get(_command_list(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    """deleteMyCommands."""
    world.commands.pop(_command_list(world, params), None)
    return True


def set_text(name: str) -> Any:
    """setMyName, setMyDescription or setMyShortDescription, by the parameter that holds the text."""
    limit, refusal = TEXTS[name]

    def method(world: World, params: Params) -> bool:
        if len(params.text(name)) > limit or (name == "name" and not params.text(name)
                                              and not params.text("language_code")):
            raise bad(refusal)
        world.profile[f"{name}/{_language(params)}"] = params.text(name)
        return True

    return method


def get_text(name: str) -> Any:
    """The getter of the same."""
    def method(world: World, params: Params) -> Json:
        default = world.profile.get(f"{name}/", world.me["first_name"] if name == "name" else "")
        return {name: world.profile.get(f"{name}/{_language(params)}", default)}

    return method


def get_chat(world: World, params: Params) -> Json:
    """getChat: a person who blocked the bot can still be looked at."""
    chat = world.visible_chat(params.text("chat_id"))
    return {**chat.card(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {
        "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
        "gifts_from_channels": False}}


def _member(world: World, chat: Chat, person: int) -> Json:
    status = chat.bot if person == world.me["id"] else chat.members.get(person, "left")
    return member_card(world.me if person == world.me["id"] else world.people[person], status)


def member_card(user: Json, status: str) -> Json:
    """The ChatMember object of a status."""
    extra: Json = {"creator": {"is_anonymous": False}, "kicked": {"until_date": 0},
                   "administrator": dict.fromkeys(MEMBER_RIGHTS, False)}.get(status, {})
    return {"user": user, "status": status, **extra}


def get_chat_member(world: World, params: Params) -> Json:
    """getChatMember."""
    person = params.integer("user_id")
    if person <= 0:
        raise bad("invalid user_id specified")
    chat = world.visible_chat(params.text("chat_id"))
    if chat.type == "private":
        if person not in (chat.id, world.me["id"]):
            raise bad("member not found")
        return {"user": world.people.get(person, world.me), "status": "member"}
    if person not in world.people and person != world.me["id"]:
        raise bad("user not found")
    return _member(world, chat, person)


def get_chat_administrators(world: World, params: Params) -> list[Json]:
    """getChatAdministrators."""
    chat = world.visible_chat(params.text("chat_id"))
    if chat.type == "private":
        raise bad("there are no administrators in the private chat")
    bosses = [person for person, status in chat.members.items() if status in ("creator", "administrator")]
    return [_member(world, chat, person) for person in bosses]


def get_chat_member_count(world: World, params: Params) -> int:
    """getChatMemberCount, the bot included."""
    chat = world.visible_chat(params.text("chat_id"))
    return 2 if chat.type == "private" else len(chat.members) + 1
