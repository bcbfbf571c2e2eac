"""Trouble on demand: refusals, delays, lost requests and lost answers for chosen calls, and Telegram's flood limits."""
from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from assistant.fakeapi.refusal import Refusal, too_many

PHRASES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
SENDS = frozenset({"sendmessage", "sendpoll", "forwardmessage", "copymessage"})


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` calls of a method (None: until it is lifted), after `skip` that pass.

    method   any case; "" is every method but getUpdates, which has to be named
    chat     only calls with this chat_id
    status   refused with it before anything happens; 429 carries `retry_after` seconds
    delay    seconds before the call is looked at; `hold` waits for release() instead
    drop     "before": the connection breaks and nothing happened; "after": it happened and the answer is lost
    body     sent instead of the answer, with `status` or 200: the call itself happened unless status is given
    """

    method: str = ""
    times: int | None = 1
    skip: int = 0
    chat: int | None = None
    status: int | None = None
    description: str = ""
    retry_after: int = 1
    delay: float = 0.0
    hold: bool = False
    drop: str = ""
    body: str | None = None
    met: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        if self.drop not in ("", "before", "after"):
            raise ValueError('drop is "before" or "after" the call is processed')
        if not (self.status or self.delay or self.hold or self.drop or self.body is not None):
            raise ValueError("a fault needs a status, delay, hold, drop or body")

    def release(self) -> None:
        """Lets the calls go on that `hold` keeps."""
        self.gate.set()

    def strikes(self, method: str, chat: str) -> bool:
        """Whether it meets this call; counts down when it does."""
        named = self.method.lower() == method if self.method else method != "getupdates"
        if not named or self.chat is not None and chat != str(self.chat) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.met += 1
        self.times = None if self.times is None else self.times - 1
        return True

    def refusal(self) -> Refusal | None:
        """What Telegram says, if the fault is a refusal in Telegram's form."""
        if self.status is None or self.body is not None:
            return None
        if self.status == 429:
            return too_many(self.retry_after)
        return Refusal(self.status, self.description or PHRASES.get(self.status, "Error"))


class Flood:
    """Telegram's limits: one message a second in a chat, 30 a second in all, 20 a minute in a group. Off by default."""

    def __init__(self) -> None:
        self.on = False
        self._chats: defaultdict[str, deque[float]] = defaultdict(deque)
        self._groups: defaultdict[str, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()

    def refusal(self, method: str, chat: str, now: float) -> Refusal | None:
        """The refusal of a send that comes too soon; one that passes is counted."""
        if not self.on or method not in SENDS:
            return None
        windows = [(self._chats[chat], 1.0, 1), (self._all, 1.0, 30)]
        if chat.startswith(("-", "@")):
            windows.append((self._groups[chat], 60.0, 20))
        waits = [_wait(times, span, most, now) for times, span, most in windows]
        if max(waits) > 0:
            return too_many(max(1, math.ceil(max(waits))))
        for times, _, _ in windows:
            times.append(now)
        return None


def _wait(times: deque[float], span: float, most: int, now: float) -> float:
    while times and now - times[0] >= span:
        times.popleft()
    return span - (now - times[0]) if len(times) >= most else 0.0
