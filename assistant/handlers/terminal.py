"""The terminal chat: reads lines, asks `answer`, paints. In a pipe it prints the same words without colour."""
from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from rich.console import Console
from rich.text import Text

from assistant.desk import Desk
from assistant.domain import Button, Incoming, Line, Message
from assistant.errors import StoreError
from assistant.handlers import answer, notices

WELCOME = "续保教练。客户说什么就输入什么，例如：太贵了（/help 看说明，Ctrl-D 退出）"
BYE = "再见。"
LEAVE = ("退出", "quit", "exit", "/quit", "/exit")
_LOOK = {
    "say": ("💬 ", "bold green"), "ask": ("➡️ ", "cyan"), "never": ("⚠️ ", "yellow"), "cite": ("📎 ", "dim"),
    "also": ("💬 ", "green"), "why": ("• ", ""), "fact": ("📎 ", "dim"), "note": ("", ""), "warning": ("⚠️ ", "bold red"),
    "copy": ("", "bold"), "link": ("🔗 ", "bold"),
}


def paint(lines: Iterable[Line], console: Console | None = None) -> None:
    """Prints lines in their colours; Rich leaves colour out where the output is no terminal."""
    console = console or Console(soft_wrap=True, highlight=False)
    for line in lines:
        mark, style = _LOOK[line.role]
        console.print(Text(mark + line.text, style=style))


def _keys(buttons: tuple[Button, ...]) -> str:
    return " ".join(f"[{i} {button.label}]" for i, button in enumerate(buttons[:5], 1))


def _to_clipboard(text: str) -> None:
    """Asks the terminal to copy (OSC 52); terminals that cannot ignore it."""
    encoded = base64.b64encode(text.encode()).decode()
    sys.stdout.write(f"\033]52;c;{encoded}\a")
    sys.stdout.flush()


def _typed(history: Callable[[], Iterable[str]]) -> Iterator[str]:
    """Lines as they are typed, with editing and the masked history of the log; plain lines from a pipe."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield from (line.rstrip("\n") for line in sys.stdin)
        return
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory

    session: PromptSession[str] = PromptSession(history=InMemoryHistory(list(history())))
    while True:
        try:
            yield session.prompt("客户说> ")
        except KeyboardInterrupt:  # Ctrl-C clears the line, as in a shell; Ctrl-D leaves
            continue
        except EOFError:
            return


def _history(desk: Desk, person: str) -> Iterable[str]:
    try:
        return desk.store.heard_lately(person)
    except StoreError:
        return ()


def _incoming(line: str, keys: tuple[Button, ...], person: str, at: datetime) -> Incoming:
    """A typed number is the key of the last card; anything else is text."""
    number = int(line) - 1 if line.isascii() and line.isdigit() and len(line) < 3 else -1
    if 0 <= number < len(keys):
        return Incoming(person, line, at, action=keys[number].action)
    return Incoming(person, line, at)


def _send(message: Message, desk: Desk, console: Console) -> None:
    started = time.perf_counter()
    paint(message.lines, console)
    if message.buttons:
        console.print(Text(_keys(message.buttons), style="dim"))
    if console.is_terminal and any(line.role == "copy" for line in message.lines):
        _to_clipboard(message.lines[0].text)
        console.print(Text("已复制（终端支持的话）。", style="dim"))
    if message.buttons and message.turn:
        try:
            desk.store.time_turn(message.turn, {"send": (time.perf_counter() - started) * 1000})
        except StoreError:
            return  # the answer is out; a log in trouble has already been named in it


def _notices(desk: Desk, person: str, now: datetime, console: Console) -> None:
    """Shows what waits for this person, once; a log in trouble is named at the next answer."""
    try:
        for notice in desk.store.unsent(now, person):
            message = notices.show(notice)
            paint(message.lines, console)
            console.print(Text(f"看过请输入：{message.buttons[0].label}", style="dim"))
            desk.store.mark_sent(notice.id, now)
    except StoreError:
        return


def run(desk: Desk, person: str, clock: Callable[[], datetime]) -> None:
    """Chats until the input ends."""
    console = Console(soft_wrap=True, highlight=False)
    paint([Line("note", WELCOME)], console)
    keys: tuple[Button, ...] = ()
    _notices(desk, person, clock(), console)
    for line in _typed(lambda: _history(desk, person)):
        if line.strip().lower() in LEAVE:
            break
        _notices(desk, person, clock(), console)
        message = answer(_incoming(line.strip(), keys, person, clock()), desk)
        keys = message.buttons or keys
        _send(message, desk, console)
    paint([Line("note", BYE)], console)
