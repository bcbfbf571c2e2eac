"""Coming in: the first message, invitations, and the one-time code that opens the door."""
from __future__ import annotations

import base64
import secrets

from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message, Role
from assistant.handlers import usual

ROLE_NAMES = {Role.AGENT: "座席", Role.TRAINER: "讲师", Role.MANAGER: "主管", Role.ADMIN: "管理员"}
KNOCK = "open"  # what a link that opens no door carries
STRANGER = "您还没有开通。请向主管要一个邀请链接，点开就能用。"
NUMBER = "没有链接的话，把这个编号报给管理员也行：{person}"
WELCOME = "您好{name}，续保教练已开通（{role}）。客户说什么就发什么，例如：太贵了"
AGAIN = "续保教练在。客户说什么就发什么，例如：太贵了（/help 看说明）"
DEAD_CODE = "这个邀请链接打不开：用过了、过期了或不完整。请再点一次，还不行就再要一个新的。"
INVITE_USAGE = "请写成：/invite {roles}"
INVITED = "一次性邀请，开通后是{role}，{hours} 小时内有效，只能用一次。转发给对方："
TYPE_CODE = "（让对方把这一行发给机器人：/start {code}）"
NOT_HERE = "邀请链接不能发在群里。请私聊我再发一次。"


def stranger(incoming: Incoming) -> Message:
    """Nobody is admitted by default; what to do about it."""
    number = (Line("note", NUMBER.format(person=incoming.person)),) if incoming.channel == "telegram" else ()
    return Message((Line("note", STRANGER), *number))


def start(incoming: Incoming, desk: Desk, code: str) -> Message:
    """The first message: with a code it admits, without one it greets whoever is admitted."""
    if desk.store.role(incoming.person) is not None or incoming.channel == "terminal":
        return Message((Line("note", AGAIN),), keys=usual.keys(incoming.person, desk))
    if code in ("", KNOCK):
        return stranger(incoming)
    role = desk.store.redeem(code, incoming.person, incoming.name, incoming.at)
    if role is None:
        return Message((Line("note", DEAD_CODE),))
    welcome = WELCOME.format(name=f"，{incoming.name}" if incoming.name else "", role=ROLE_NAMES[role])
    return Message((Line("note", welcome),), keys=usual.keys(incoming.person, desk))


def _wanted(text: str, mine: Role) -> Role | None:
    """The role meant, by its English or Chinese name, where this person may give it: only roles below their own."""
    named = {role.value: role for role in Role} | {name: role for role, name in ROLE_NAMES.items()}
    role = named.get(text.strip().lower())
    return role if role is not None and role is not mine and mine.may(role) else None


def invite(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """A link that admits one person once. A trainer invites agents, a manager agents and trainers."""
    mine = desk.store.role(incoming.person) or Role.AGENT
    role = _wanted(rest, mine)
    if role is None:
        return Message((Line("note", INVITE_USAGE.format(
            roles="｜".join(ROLE_NAMES[one] for one in Role if one is not mine and mine.may(one)))),))
    if incoming.channel == "group":
        return Message((Line("note", NOT_HERE),))
    # 120 bits in letters that survive every keyboard and every link.
    code = base64.b32encode(secrets.token_bytes(15)).decode().lower()
    desk.store.invite(code, role, incoming.person, incoming.at, incoming.at + desk.invite_for)
    hours = int(desk.invite_for.total_seconds() // 3600)
    return Message((Line("note", INVITED.format(role=ROLE_NAMES[role], hours=hours)),
                    Line("link", f"https://t.me/{desk.bot}?start={code}" if desk.bot else TYPE_CODE.format(code=code))))
