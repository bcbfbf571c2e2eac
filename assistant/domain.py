"""The words of the trade as frozen values. Everything may import this module; it imports nothing of ours."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

MAX_RUNG = 40  # characters of a line that can be said in one breath, punctuation included
RUNGS = 3


class Grounding(StrEnum):
    """How well the corpus backs a line: told plainly, told with alternatives, or not told at all."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


class Outcome(StrEnum):
    """How a call ended."""

    RENEWED = "续了"
    LOST = "没续"
    CALLBACK = "回访"


class Role(StrEnum):
    """What a person may do; each role may do all that the ones before it may. A stranger has none."""

    AGENT = "agent"
    TRAINER = "trainer"
    MANAGER = "manager"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role reaches the needed one."""
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class Fact:
    """A dated, sourced statement. `speak` holds the figures that an agent may say aloud, as written."""

    id: str
    topic: str
    statement: str
    valid_from: date
    valid_to: date | None
    region: tuple[str, ...]
    energy: tuple[str, ...]
    channel: tuple[str, ...]
    source: str
    confidence: str
    speak: tuple[str, ...] = ()
    check: str | None = None
    rumour: bool = False

    def in_force(self, on: date) -> bool:
        """Whether the fact held on that day; both ends belong to its life."""
        return not self.rumour and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is told. `regions` are the names it may be (one province, or all of a 交强险 class); empty is unknown,
    as "" is for `energy` (fuel, nev) and `channel` (insurer, dealer, intermediary)."""

    regions: tuple[str, ...] = ()
    energy: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Slots:
    """What the customer's own papers say, as the agent stated it; None and "" are unknown. Nothing is computed from it.

    Premiums in yuan; `claims` counts accidents; `due` reads before 到期 (12天后, 11月28日); `energy` is fuel or nev.
    """

    last_year: float | None = None
    this_year: float | None = None
    claims: int | None = None
    due: str = ""
    energy: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a line has to fit: the day, the place, and what is known of this customer."""

    day: date
    place: Place = Place()
    slots: Slots = Slots()


@dataclass(frozen=True, slots=True)
class Never:
    """A line that must not be said, and the red line (RL-..) it breaks or the fact that refutes it."""

    line: str
    basis: str


@dataclass(frozen=True, slots=True)
class Variant:
    """Lines that replace rungs (counted from 1) in one scope: fuel, nev, insurer, dealer, intermediary, or the id of a
    cited fact, which means wherever that fact surely holds."""

    scope: str
    say: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One intent: what the customer means, and what to say to it. `refusal` marks a card by which the customer refuses:
    "callback" (a later call is welcome) or "stop" (none is)."""

    id: str
    title: str
    kind: str
    stage: tuple[str, ...]
    urgency: int
    facts: tuple[str, ...]
    reviewed: date
    say: tuple[str, ...]
    ask: str
    points: tuple[str, ...]
    never: tuple[Never, ...]
    phrasings: tuple[str, ...]
    refusal: str = ""
    path: str = ""
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class RedLine:
    """A rule that no line may break: patterns that break it by themselves, hints that often do, and the harmless uses
    around both."""

    id: str
    title: str
    what: str
    basis: tuple[str, ...]
    legal: str
    rewrite: str
    advice: str
    patterns: tuple[str, ...]
    allow: tuple[str, ...]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything that is read from `corpus/`, by id, in the order of the files. `off_topic` holds lines by kind that no card
    covers: what they resemble is declined."""

    cards: Mapping[str, Card]
    facts: Mapping[str, Fact]
    redlines: Mapping[str, RedLine]
    off_topic: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def card(self, name: str) -> Card | None:
        """The card of that id or title, or None."""
        return self.cards.get(name) or next((card for card in self.cards.values() if card.title == name), None)


@dataclass(frozen=True, slots=True)
class Hit:
    """A card that fits a heard line. `score` is the fused share in 0..1; `similarity` the nearest phrasing's cosine."""

    card_id: str
    score: float
    similarity: float
    phrasing: str


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of a search: hits best first, how sure we are (0..1 that the best one is right), and the time spent."""

    hits: tuple[Hit, ...]
    confidence: float
    grounding: Grounding
    embed_ms: float = 0.0
    search_ms: float = 0.0
    decline: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The one thing worth saying. Without a card (`card_id` empty) it declines: `notice` says so, `ask` is safe."""

    say: str
    ask: str
    never: tuple[Never, ...]
    why: tuple[str, ...]
    facts: tuple[str, ...]
    grounding: Grounding
    card_id: str = ""
    title: str = ""
    rung: int = 0
    cards: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    notice: str = ""
    also: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A line already told in this call."""

    card_id: str
    rung: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """What arrives from a person: typed text, or a pressed button (`action`, such as "why:17").

    `edits` is the turn whose question this text replaces (0: it is a new line); `name` is what the person calls
    themselves, where the channel says it.
    """

    person: str
    text: str
    at: datetime
    action: str = ""
    channel: str = "terminal"
    edits: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A key under a message. `action` comes back in `Incoming.action`; `copy` is text for the clipboard."""

    label: str
    action: str
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a message and its role: say, ask, never, cite, also, why, fact, note, warning, copy, or link (a secret
    that is shown once and stored nowhere)."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves: lines, the sayable one first, and the keys under them. `turn` is 0 where nothing was logged.

    `unfold` marks lines that belong under the card they explain; `keys` are lines the agent will need next, one tap each.
    """

    lines: tuple[Line, ...]
    buttons: tuple[Button, ...] = ()
    turn: int = 0
    unfold: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A session: one phone call of one agent."""

    id: int
    person: str
    customer: str
    started_at: datetime
    last_at: datetime
    outcome: str = ""
    callback_on: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One heard line and what was told, as logged. Times are milliseconds by step."""

    id: int
    session_id: int
    at: datetime
    heard: str
    told: str
    asked: str
    card_id: str
    rung: int
    grounding: str
    kind: str
    facts: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    feedback: str = ""
    ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a person unasked, once, from `due` on: a correction, a call-back that is due."""

    id: int
    person: str
    kind: str
    lines: tuple[Line, ...]
    due: datetime
    sent: bool = False
    read: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may use the coach: a Telegram user's number as text, or a name in the terminal."""

    id: str
    name: str
    role: Role
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to a chat, or delivered (`message` is then its number there).

    `kind` is send or edit (of the row `target`, whose number is `target_message`); `question` is the message it answers.
    `floor` is the highest number known when it was handed to the network; `unsure` says that a process was stopped
    between then and the reply, so that it may have arrived.
    """

    id: int
    chat: int
    kind: str
    lines: tuple[Line, ...]
    buttons: tuple[Button, ...] = ()
    keys: tuple[str, ...] = ()
    turn: int = 0
    question: int = 0
    reply: bool = False
    target: int = 0
    target_message: int = 0
    message: int = 0
    floor: int = 0
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Words that an agent asked about before saying them (masked), the rules they broke, and the call, if any."""

    person: str
    at: datetime
    text: str
    rules: tuple[str, ...]
    session_id: int | None


@dataclass(frozen=True, slots=True)
class Habit:
    """How many of a person's own words broke a rule."""

    person: str
    rule: str
    times: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A rung (from 1) of a card as a manager wants it; an empty line gives the file's line back."""

    card_id: str
    rung: int
    line: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What to forget: everything before a day, everything of a person, or one call. Exactly one of the three."""

    before: date | None = None
    person: str = ""
    call: int | None = None
    keep_person: bool = False

    def __post_init__(self) -> None:
        if (self.before is not None) + bool(self.person) + (self.call is not None) != 1:
            raise ValueError("a scope is a day, a person or a call")

    @property
    def kind(self) -> str:
        """before, person or call."""
        return "before" if self.before is not None else "person" if self.person else "call"

    def told(self) -> str:
        """The scope for the audit, which never names a removed person."""
        return {"before": f"{self.before} 以前", "person": "一个人", "call": f"通话 {self.call}"}[self.kind]
