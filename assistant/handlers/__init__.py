"""Every front end asks here: `answer(Incoming, Desk) -> Message`. A table picks the handler; each does one job."""
from __future__ import annotations

from collections.abc import Callable

from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message
from assistant.errors import StoreError
from assistant.handlers import call, feedback

Handler = Callable[[Incoming, Desk, str], Message]

HELP = (
    "直接输入客户说的话，例如：太贵了、泡水赔不赔、tgl",
    "1 换一句　2 为什么　3 复制　4 👍　5 👎（6 以后是“也可能是”的那几张）",
    "换一句 / /why / 👍 / 👎　对上一句用",
    "结果 续了｜结果 没续｜结果 回访 11-28　结束这通电话",
    "/new 客户代号　开始新的一通电话（代号里别写手机号、车牌）",
    "/help　看这份说明",
)


def help_(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """The commands, one a line."""
    return Message(tuple(Line("note", line) for line in HELP))


def unknown(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """A command that does not exist."""
    return Message((Line("note", f"没有 {incoming.text.split()[0]} 这个命令。输入 /help 看能用的命令。"),))


COMMANDS: dict[str, Handler] = {
    "/help": help_, "/start": help_, "帮助": help_, "?": help_, "？": help_,
    "/new": call.new, "/why": call.why, "为什么": call.why, "/again": call.again, "换一句": call.again,
    "/copy": call.copy, "复制": call.copy,
    "/up": feedback.up, "👍": feedback.up, "/down": feedback.down, "👎": feedback.down,
    "/result": feedback.result, "结果": feedback.result,
}
ACTIONS: dict[str, Handler] = {
    "again": call.again, "why": call.why, "copy": call.copy, "card": call.pick, "up": feedback.up, "down": feedback.down,
}


def _route(incoming: Incoming) -> tuple[Handler, str]:
    if incoming.action:
        name, _, rest = incoming.action.partition(":")
        return ACTIONS.get(name, unknown), rest
    text = incoming.text.strip()
    first, _, rest = text.partition(" ")
    whole = COMMANDS.get(text)
    if whole is not None:
        return whole, ""
    if first in COMMANDS and (first.startswith("/") or first == "结果"):
        return COMMANDS[first], rest.strip()
    return (unknown, "") if text.startswith("/") and len(text) > 1 else (call.hear, text)


def answer(incoming: Incoming, desk: Desk) -> Message:
    """What to reply. A log that cannot be used costs one sentence, never the line the agent is waiting for."""
    handler, rest = _route(incoming)
    try:
        return handler(incoming, desk, rest)
    except StoreError as error:
        return Message((Line("warning", str(error)),))
