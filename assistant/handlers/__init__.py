"""Every front end asks here: `answer(Incoming, Desk) -> Message`. A table picks the handler and says who may use it."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message, Role
from assistant.errors import StoreError
from assistant.handlers import call, customer, feedback, fix, floating, notices, people, profile, recall, usual
from assistant.handlers import say as saying
from assistant.handlers.people import ROLE_NAMES, STRANGER

__all__ = ["COMMANDS", "NOT_ALLOWED", "STRANGER", "answer", "listen", "menu", "searches"]
Handler = Callable[[Incoming, Desk, str], Message]
NOT_ALLOWED = "这个命令要{role}才能用。请找主管。"

HELP = "直接输入客户说的话，例如：太贵了、泡水赔不赔、tgl"
KEYS = {
    "terminal": "1 换一句　2 为什么　3 复制　4 👍　5 👎（6 以后是“也可能是”的那几张）",
    "telegram": "按键在每张卡下面；打错了就改那条消息，卡会跟着改；常见异议在输入框下面的键盘上，一按就发",
    "group": "群里只理命令和 @ 我的话",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What a word starts: its handler, who may use it, its line in the help (none: not listed), and whether words may
    follow a Chinese name (after a `/name` they always may). `menu` is its line in Telegram's command menu, where that
    says more than the help; `open` lets strangers use it."""

    names: tuple[str, ...]
    handler: Handler
    role: Role = Role.AGENT
    help: str = ""
    rest: bool = False
    menu: str = ""
    open: bool = False


def help_(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The commands this person may use, one a line."""
    role = _role(incoming, desk) or Role.AGENT
    return Message(tuple(Line("note", line) for line in (
        HELP, KEYS.get(incoming.channel, KEYS["terminal"]), *(command.help for command in COMMANDS if command.help and role.may(command.role)))),
        keys=usual.keys(incoming.person, desk) if incoming.channel == "telegram" else ())


def unknown(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """A command that does not exist."""
    return Message((Line("note", f"没有 {incoming.text.split()[0]} 这个命令。输入 /help 看能用的命令。"),))


def stale(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """A button that no handler knows any more."""
    return Message((Line("note", call.STALE_KEY),))


COMMANDS: tuple[Command, ...] = (
    Command(("/again", "换一句"), call.again, menu="上一句换个说法"),
    Command(("/why", "为什么", "为啥", "凭什么"), call.why, help="换一句 / /why / 👍 / 👎　对上一句用",
            menu="上一句为什么这么说"),
    Command(("/copy", "复制"), call.copy),
    Command(("/up", "👍"), feedback.up),
    Command(("/down", "👎"), feedback.down),
    Command(("/result", "结果"), feedback.result, help="结果 续了｜结果 没续｜结果 回访 11-28　结束这通电话", rest=True),
    Command(("/start",), people.start, open=True),
    Command(("/invite",), people.invite, Role.TRAINER, help="/invite 座席　发一个一次性邀请链接（讲师请座席，主管还能请讲师）",
            menu="发一个一次性邀请链接"),
    Command(("/say", "能说吗", "能说吗？", "能说吗?"), saying.say, help="能说吗 你打算说的话　对客户说之前先查红线", rest=True),
    Command(("/fix", "改话术"), fix.fix, Role.MANAGER, help="改话术 价格太高 2 新的一句　一次改好，人人都用", rest=True),
    Command(("/checks",), saying.checks, Role.MANAGER, help="/checks 天数　团队自己的话碰了哪些红线"),
    Command(("/new",), call.new, help="/new 客户代号　开始新的一通电话（代号里别写手机号、车牌）"),
    Command(("/customer", "客户"), customer.customer, rest=True,
            help="客户 上年3200 今年2950 未出险 12天到期　只记在这通电话里（客户 看，客户 清空）"),
    Command(("/profile", "资料"), profile.profile, help="/profile 地区 广东 渠道 4S　您在哪里、哪个渠道", rest=True),
    Command(("/float", "浮动"), floating.float_, help="/float 广东 3年未出险　交强险为什么变（自己看，不念）", rest=True),
    Command(("/recall",), recall.recall, Role.MANAGER, help="/recall COM-22 更正的话　看谁用过这条，并发更正"),
    Command(("/read", "知道了"), notices.read, help="知道了　更正和提醒看过了"),
    Command(("/help", "帮助", "?", "？"), help_, help="/help　看这份说明"),
)
ACTIONS: dict[str, Command] = {
    name: Command((name,), handler) for name, handler in (
        ("again", call.again), ("why", call.why), ("copy", call.copy), ("card", call.pick), ("up", feedback.up),
        ("down", feedback.down), ("read", notices.read))
}
_BY_NAME = {name: command for command in COMMANDS for name in command.names}
_AROUND = re.compile(r"(?<=.)(?:[！!？?。.～~吧呗]|[\U0001F3FB-\U0001F3FF])+$")  # 换一句吧！ is 换一句, a dark thumb a thumb
_HEAR, _UNKNOWN, _STALE = Command((), call.hear), Command((), unknown), Command((), stale)


def _route(incoming: Incoming) -> tuple[Command, str]:
    if incoming.action:
        name, _, rest = incoming.action.partition(":")
        return ACTIONS.get(name, _STALE), rest
    text = incoming.text.strip()
    if text.startswith("／"):  # the same key of a Chinese keyboard
        text = "/" + text[1:]
    plain = _AROUND.sub("", text)
    if plain in _BY_NAME:
        return _BY_NAME[plain], ""
    first, _, rest = text.partition(" ")
    command = _BY_NAME.get(first.lower() if first.startswith("/") else first)
    if command is not None and (first.startswith("/") or command.rest):
        return command, rest.strip()
    return (_UNKNOWN, "") if text.startswith("/") and len(text) > 1 else (_HEAR, text)


def _role(incoming: Incoming, desk: Desk) -> Role | None:
    """The person's role; whoever sits at the terminal is at least an agent, even where the log cannot be read."""
    try:
        found = desk.store.role(incoming.person)
    except StoreError:
        if incoming.channel != "terminal":
            raise
        found = None
    return found or (Role.AGENT if incoming.channel == "terminal" else None)


def answer(incoming: Incoming, desk: Desk) -> Message:
    """What to reply. Nobody is admitted by default. A log that cannot be used costs one sentence, never the line the
    agent is waiting for."""
    command, rest = _route(incoming)
    try:
        role = _role(incoming, desk)
        if role is None and not command.open:
            return people.stranger(incoming)
        if role is not None and not role.may(command.role):
            return Message((Line("note", NOT_ALLOWED.format(role=ROLE_NAMES[command.role])),))
        return command.handler(incoming, desk, rest)
    except StoreError as error:
        return Message((Line("warning", str(error)),))


def searches(incoming: Incoming) -> bool:
    """Whether it is something heard, for which `answer` searches."""
    return _route(incoming)[0] is _HEAR


def listen(incoming: Incoming, desk: Desk) -> None:
    """Searches ahead what `answer` is going to search for this heard line. Where the desk's search remembers, `answer` then
    does not wait for the encoder while it holds the log."""
    if desk.store.role(incoming.person) is not None:
        call.look_up(_route(incoming)[1], desk)


def menu(role: Role | None) -> tuple[tuple[str, str], ...]:
    """(name, description) of the `/` commands this role may use, for a front end that lists them; a stranger has one."""
    return (("start", "用邀请链接开通"),) if role is None else tuple(
        (command.names[0].removeprefix("/"), command.menu or command.help.rpartition("　")[2])
        for command in COMMANDS if command.names[0].startswith("/") and role.may(command.role)
        and (command.menu or command.help))
