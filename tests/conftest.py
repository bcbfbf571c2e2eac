"""Real parts for the tests: a small corpus on disk, a real SQLite file, a real Chroma, the packaged encoder."""
from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from assistant import guard
from assistant.desk import Desk
from assistant.domain import Corpus, Found, Grounding, Hit, Incoming, Message, Role
from assistant.handlers import answer
from assistant.knowledge.read import Reading, read_corpus
from assistant.store import Store
from tests.telegram_fixtures import api, application, bot, clock, li  # noqa: F401  fixtures of the fake Bot API

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 10, 0)

CARD = """+++
id = "{id}"
title = "{title}"
kind = "objection"
stage = ["quote"]
urgency = {urgency}
{extra}facts = ["F-01"]
reviewed = 2026-11-24
+++
## 说
1. {title}第一句，我帮您看看。
2. {title}第二句，我帮您算算。
3. {title}第三句，您慢慢想。
## 问
{title}，您看怎么办？
## 为什么
- 甲
- 乙
- 丙
## 别说
- 我私下返您三百 | RL-01
## 客户会说
{phrasings}
"""

FACTS = """[[fact]]
id = "F-01"
topic = "限额"
statement = "有责限额20万元，财产2000元。"
valid_from = 2020-09-19
region = ["全国"]
energy = ["all"]
channel = ["all"]
source = "测试法第1条"
confidence = "高"
speak = ["20万元", "2000元"]

[[fact]]
id = "F-02"
topic = "旧限额"
statement = "有责限额12.2万元。"
valid_from = 2008-02-01
valid_to = 2020-09-18
region = ["全国"]
energy = ["all"]
channel = ["all"]
source = "测试法第2条"
confidence = "高"
"""

REDLINES = """[[redline]]
id = "RL-01"
title = "合同外利益"
what = "不许送"
basis = ["F-01"]
legal = "《保险法》第116条"
rewrite = "按规定合同外的利益我不能给您。"
advice = "讲保障"
patterns = ["返您", "送您"]
allow = ["不能返您"]
"""

PHRASINGS = {
    "price": ("价格太高", 1, ["太贵了", "怎么这么贵啊", "超出我预算了", "便宜一点行不行", "这价钱也太离谱", "一年要四千多划不来",
                          "比去年还贵", "贵得吓人", "少一点嘛", "这么高的保费谁买得起", "我觉得价钱高", "能不能降点价"]),
    "stop": ("别再打了", 3, ["别再打电话了", "再打我就投诉", "拉黑你们", "不要骚扰我", "烦死了天天打", "以后别打来", "电话删掉",
                         "请停止来电", "我要屏蔽你们", "把我号码删了", "不许再打", "打扰到我了"]),
    "flood": ("泡水", 2, ["车泡水了赔不赔", "发动机进水怎么办", "暴雨把车淹了", "涉水险还要买吗", "水淹到座椅", "地库积水车淹了",
                       "过水坑熄火了", "二次打火坏了发动机", "台风天车泡了", "泡水车能修吗", "车在水里泡了一夜", "下大雨淹了车"]),
}


def write_corpus(folder: Path, cards: dict = PHRASINGS, refusals: dict[str, str] | None = None) -> Path:
    """A small corpus that lint accepts, at `folder`/corpus."""
    corpus = folder / "corpus"
    (corpus / "cards" / "objections").mkdir(parents=True)
    (corpus / "facts").mkdir()
    for key, (title, urgency, phrasings) in cards.items():
        extra = f'refusal = "{refusals[key]}"\n' if refusals and key in refusals else ""
        (corpus / "cards" / "objections" / f"{key}.md").write_text(CARD.format(
            id=key, title=title, urgency=urgency, extra=extra, phrasings="\n".join(f"- {p}" for p in phrasings)), "utf-8")
    (corpus / "facts" / "f.toml").write_text(FACTS, "utf-8")
    (corpus / "redlines.toml").write_text(REDLINES, "utf-8")
    return corpus


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches out fails: no model hub, no Telegram."""
    connect = socket.socket.connect

    def refuse(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def reading() -> Reading:
    """The corpus that ships."""
    return read_corpus(ROOT / "corpus")


@pytest.fixture
def small(tmp_path: Path) -> Corpus:
    """Three cards: price, stop (most urgent), flood."""
    return read_corpus(write_corpus(tmp_path)).corpus


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "coach.db")
    found.know("li", "小李", Role.AGENT, NOW)
    yield found
    found.close()


def found(*cards: str, grounding: Grounding = Grounding.STRONG, confidence: float = 0.97) -> Found:
    """What a search would return for these cards."""
    return Found(tuple(Hit(card, 0.9, 0.9, card) for card in cards), confidence, grounding if cards else Grounding.NONE)


def hear(line: str) -> Found:
    """A search that knows its cards by a word of theirs."""
    words = {"贵": "price", "打": "stop", "泡": "flood"}
    return found(*[card for word, card in words.items() if word in line])


@pytest.fixture
def desk(small: Corpus, store: Store) -> Desk:
    return Desk(hear, small, store, lambda text: guard.breaks(text, small.redlines), idle=timedelta(minutes=30))


@pytest.fixture
def say(desk: Desk) -> Callable[..., Message]:
    """Says a line, or presses a key (action=), to the assistant as 小李."""
    def speak(text: str = "", person: str = "li", action: str = "", minutes: float = 0) -> Message:
        return answer(Incoming(person, text, NOW + timedelta(minutes=minutes), action), desk)
    return speak


def shown(message: Message, role: str | None = None) -> str:
    """The text of a message, or of its lines of one role."""
    return "\n".join(line.text for line in message.lines if role is None or line.role == role)


def unguarded(text: str) -> tuple[guard.Break, ...]:
    """A guard that lets everything pass, where a test is about something else."""
    return ()
