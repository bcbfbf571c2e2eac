"""What people are told unasked: its key, and the note that it was read."""
from __future__ import annotations

from assistant.desk import Desk
from assistant.domain import Button, Incoming, Line, Message, Notice
from assistant.handlers import call

READ = "知道了"
NOTED = "好的，记下您看过了。"


def show(notice: Notice) -> Message:
    """A notice as a message, with the key by which its reading is kept."""
    return Message(notice.lines, (Button(READ, f"read:{notice.id}"),))


def read(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Keeps that its person has read it."""
    known = rest.isdigit() and desk.store.mark_read(int(rest), incoming.person, incoming.at)
    return Message((Line("note", NOTED),)) if known else call._missing(incoming)
