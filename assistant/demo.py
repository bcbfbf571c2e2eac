"""The bot's conversation without a token: a fake Telegram, the real bot, and a phone's screen in the terminal.

The log lives in a folder that is deleted at the end. In a terminal a newcomer types as an agent; in a pipe a call is played.
"""
from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.config import Telegram
from assistant.desk import Desk, Guard, Search
from assistant.domain import Corpus, Role
from assistant.fakeapi import ChatView, FakeBotApi, Shown
from assistant.handlers.telegram import Service, Setup
from assistant.store import Store

HINT = ("输入客户的话；数字按最新一张卡下面的键；“改 新的话”改您上一条；“@ 太贵”在别的聊天里插一句；"
        "“重启”让机器人停下再起来；Ctrl-D 退出")
SCRIPT = (
    ("新座席小李还没有开通，先发一句试试。", "太贵了"), ("主管发来一次性邀请链接，小李点开。", "邀请"),
    ("电话接通。客户：太贵了。", "/new 老王13812345678"), ("", "太贵了"), ("想知道凭什么这么说，按“为什么”：在原来那条里展开。", "为什么"),
    ("客户还是嫌贵，拼音首字母也行。", "tgl"), ("这句顺口，点个赞，再复制一份。", "👍"), ("", "复制"),
    ("客户问泡水，手一快发成了上一位的话。", "有没有礼品送"), ("把那条消息改对，卡跟着改，记录里也只有这一轮。", "改 车泡水了赔不赔"),
    ("机器人这时重启，客户可不等。", "重启 能不能再便宜点"), ("约好回访，这通结束。", "结果 回访 后天"),
    ("手滑按了上一通的键：客气地不理。", "换一句"), ("想在微信文案里用一句：任何聊天里打 @ 机器人。", "@ 太贵"),
)


def shown(message: Shown, numbers: bool = False) -> str:
    """A message as a person sees it: who, what, and the keys under it, counted from 1 if wanted."""
    count = iter(range(1, 100))
    rows = (" ".join(f"[{f'{next(count)} ' if numbers else ''}{button.label}]" for button in row) for row in message.buttons)
    return "\n".join((f"{message.sender}：{message.text}", *rows))


def transcript(chat: ChatView) -> str:
    """A chat from its first message to its last, as it looks now."""
    return "\n".join(shown(message) for message in chat.messages)


class Stage:
    """A fake Telegram with the bot, a manager and a new agent. Everything said returns once the bot has settled it."""

    def __init__(self, search: Search, corpus: Corpus, guard: Guard, folder: Path, write: Callable[[str], None]) -> None:
        self.store, self.write, self.api = Store(folder / "coach.db"), write, FakeBotApi()
        self.desk = Desk(functools.lru_cache(1000)(search), corpus, self.store, guard)
        self.boss, self.agent = self.api.person(1001, "陈主管"), self.api.person(1002, "小李")
        self.store.know("1001", "陈主管", Role.MANAGER, datetime.now())
        self.service: Service | None = None
        self.mine: Shown | None = None
        self._seen: dict[int, str] = {}

    async def open(self) -> None:
        await self.api.__aenter__()
        await self.start()

    async def close(self) -> None:
        await self.stop()
        await self.api.__aexit__()
        self.store.close()

    async def start(self) -> None:
        setup = Setup(self.api.token, Telegram(base_url=self.api.origin, per_second=0), tick=1, poll=2)
        self.service = Service(self.desk, setup, datetime.now)
        await self.service.start()

    async def stop(self) -> None:
        if self.service is not None:
            await self.service.stop()
            self.service = None

    async def admit(self) -> None:
        """The manager asks for a link, the agent opens it."""
        await self.boss.say("/invite 座席")
        link = (await self.boss.reply()).text
        self.write(f"    （陈主管和机器人的聊天）陈主管：/invite 座席\n{_indent(f'续保教练：{link}')}")
        await self.agent.start(link.partition("start=")[2])
        await self.settle()

    async def say(self, text: str) -> None:
        self.mine = await self.agent.say(text)
        await self.settle()

    async def correct(self, text: str) -> None:
        """Edits what the agent wrote last."""
        if self.mine is None:
            self.write("    （还没有可改的话）")
            return
        self.write(f"小李改了上一条：{text}")
        await self.agent.edit(self.mine, text)
        await self.settle()

    async def press(self, wanted: str) -> None:
        """Presses a key, by its number under the newest card or by its label."""
        cards = [one for one in self.agent.chat.by_bot if one.buttons]
        labels = cards[-1].labels if cards else []
        label = labels[int(wanted) - 1] if wanted.isdigit() and 0 < int(wanted) <= len(labels) else wanted
        if label not in labels:
            self.write("    （最新一张卡下面没有这个键）")
            return
        self.write(f"小李按 [{label}]")
        tap = await self.agent.tap(cards[-1], label)
        if tap.query is None:
            self.write(f"    （已复制到剪贴板：{self.agent.clipboard}）")
            return
        toast = (await tap.answered())["text"]
        if toast:
            self.write(f"    （弹出提示：{toast}）")
        await self.settle()

    async def inline(self, text: str) -> None:
        """Types after @bot in another chat."""
        offers = await (await self.agent.inline(text)).results()
        self.write(f"小李在别的聊天里打：@{self.api.world.me['username']} {text}")
        for offer in offers:
            self.write(f"    可选：{offer['title']}（{offer['description']}）")
        if not offers:
            self.write("    （没有合适的现成话）")

    async def restart(self, text: str) -> None:
        """The bot stops; what is said meanwhile is answered when it is back."""
        await self.stop()
        self.write("    （机器人停了）")
        if text:
            self.mine = await self.agent.say(text)
            self._show()
        await self.start()
        self.write("    （机器人起来了）")
        await self.settle()

    async def settle(self, seconds: float = 30) -> None:
        """Waits until everything is answered and delivered, then shows what is new on the agent's screen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (
                self.api.updates.pending or self.store.unfinished() or self.store.waiting_chats()):
            await asyncio.sleep(0.01)
        self._show()

    def _show(self) -> None:
        for message in self.agent.chat.messages:
            text = shown(message, numbers=True)
            known = self._seen.get(message.id)
            if text != known and (known is None or message.from_bot):
                self.write(text if known is None else f"    （上面那条变成）\n{text}")
            self._seen[message.id] = text


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def act(stage: Stage, line: str) -> Coroutine[Any, Any, None]:
    """What a typed line does on the phone."""
    word, _, rest = line.partition(" ")
    deeds: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "改": lambda: stage.correct(rest), "@": lambda: stage.inline(rest), "重启": lambda: stage.restart(rest)}
    if line == "邀请":
        return stage.admit()
    if word in deeds and (rest or word == "重启"):
        return deeds[word]()
    if line.isdigit() or line in ("为什么", "换一句", "复制", "👍", "👎"):
        return stage.press(line)
    return stage.say(line)


def play(search: Search, corpus: Corpus, guard: Guard, lines: Iterable[str] | None = None, write: Callable[[str], None] = print) -> None:
    """Opens the stage; the newcomer types, or (no terminal, no lines) the script is played."""
    typed = lines if lines is not None else _typed() if sys.stdin.isatty() else None
    with tempfile.TemporaryDirectory(prefix="coach-demo-") as folder, _loop() as run:
        stage = Stage(search, corpus, guard, Path(folder), write)
        run(stage.open())
        try:
            if typed is None:
                for caption, line in SCRIPT:
                    if caption:
                        write(f"\n—— {caption}")
                    run(act(stage, line))
                return
            write(HINT)
            run(stage.admit())
            for line in typed:
                if line.strip():
                    run(act(stage, line.strip()))
        finally:
            run(stage.close())


def _typed() -> Iterable[str]:
    with contextlib.suppress(EOFError):
        while True:
            yield input("小李> ")


@contextlib.contextmanager
def _loop():
    """Runs coroutines in a thread of their own, so that the bot lives on while the newcomer types."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stage", daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
