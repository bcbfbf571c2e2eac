"""What Telegram shows of the bot before a word is said: its descriptions, and a command menu for each role."""
from __future__ import annotations

import logging

from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from assistant.domain import Role
from assistant.handlers import menu
from assistant.handlers.telegram.exchange import menu_mark

__all__ = ["dress", "menu_mark", "show_menu"]
_LOG = logging.getLogger(__name__)
DESCRIPTION = "续保教练：客户说什么，您就发什么，马上得到一句能照着念、合规、有出处的话。要用请向主管要一个邀请链接。"
SHORT = "客户一句话，给你一句能说、合规、有出处的回应。"
IN_GROUPS = ("why", "help")


def _commands(role: Role | None) -> list[BotCommand]:
    return [BotCommand(name, text) for name, text in menu(role)]


async def dress(bot: Bot) -> None:
    """Sets what differs from what Telegram has; it limits how often these may be set."""
    try:
        if (await bot.get_my_description()).description != DESCRIPTION:
            await bot.set_my_description(DESCRIPTION)
        if (await bot.get_my_short_description()).short_description != SHORT:
            await bot.set_my_short_description(SHORT)
        in_groups = [command for command in _commands(Role.AGENT) if command.command in IN_GROUPS]
        for scope, commands in ((BotCommandScopeDefault(), _commands(None)), (BotCommandScopeAllGroupChats(), in_groups)):
            if list(await bot.get_my_commands(scope)) != commands:
                await bot.set_my_commands(commands, scope)
    except TelegramError as error:
        _LOG.warning("descriptions and menus wait for the next start (%s)", type(error).__name__)


async def show_menu(bot: Bot, chat: int, role: Role | None) -> bool:
    """Shows a person the commands of their role; whether it went through."""
    try:
        await bot.set_my_commands(_commands(role), BotCommandScopeChat(chat))
    except TelegramError as error:
        _LOG.warning("a menu waits for the person's next message (%s)", type(error).__name__)
        return False
    return True
