"""Notices: what a person is told unasked, shown with its key, and the key that says it was read."""
from __future__ import annotations

from assistant.desk import Desk
from assistant.domain import Button, Incoming, Line, Message, Notice

READ = "知道了"
THANKS = "好，记下您看过了。"
NONE = "没有等您确认的通知。"
GONE = "这条通知找不到了，或不是发给您的。"


def show(notice: Notice) -> Message:
    """The notice as a message, with the key that records that it was read. Pure; a front end sends it and then calls
    `store.mark_sent`."""
    return Message(notice.lines, (Button(READ, f"read:{notice.id}"),))


def read(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Records that its person has read a notice: the one of the key, or, where 知道了 is typed, all that were shown."""
    if incoming.action:
        done = rest.isdigit() and desk.store.mark_read(int(rest), incoming.person, incoming.at)
        return Message((Line("note", THANKS if done else GONE),))
    waiting = desk.store.unread(incoming.person)
    for notice in waiting:
        desk.store.mark_read(notice.id, incoming.person, incoming.at)
    return Message((Line("note", THANKS if waiting else NONE),))
