"""Text in to card out: over loopback through the real bot and its log, next to the terminal's figure on the same lines.

    python -m evals.bench [--lines 300] [--repeat]

Every line is new to the process unless --repeat, so each is searched; the rate limiter is off. The terminal's figure is
`answer` and painting, in process, with a log of its own.
"""
from __future__ import annotations

import argparse
import asyncio
import io
import shutil
import tempfile
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

from rich.console import Console

from assistant.desk import Desk
from assistant.domain import Incoming, Role
from assistant.fakeapi import FakeBotApi
from assistant.handlers import answer, terminal
from assistant.store import Store
from evals.data import load
from evals.metrics import percentile
from evals.run import opened
from evals.soak import ROOT, BotProcess, warm

WARM = 10


def in_terminal(lines: list[str], folder: Path) -> list[float]:
    """Milliseconds a line, from typed to painted."""
    console, times = Console(file=io.StringIO(), soft_wrap=True, highlight=False), []
    with opened() as (searcher, corpus), closing(Store(folder / "terminal.db")) as store:
        store.know("li", "小李", Role.AGENT, datetime.now())
        desk = Desk(searcher, corpus, store, lambda text: ())
        for line in lines:
            started = time.perf_counter()
            terminal._send(answer(Incoming("li", line, datetime.now()), desk), desk, console)
            times.append((time.perf_counter() - started) * 1000)
    return times[WARM:]


async def over_telegram(lines: list[str], folder: Path, corpus: Path) -> tuple[list[float], list[float]]:
    """Milliseconds a line from the person's text to the card at Telegram: the bot a process of its own. Also the round
    trips of a command that searches nothing."""
    async with FakeBotApi() as api:
        agent = api.person(8, "小李")
        with closing(Store(folder / "data" / "coach.db")) as store:
            store.know("8", "小李", Role.AGENT, datetime.now())
        bot = BotProcess(folder, api, corpus)
        await bot.start(600)
        await warm(api, agent)

        async def ask(text: str) -> float:
            """To the moment at which Telegram has the answer; reading a chat's whole history off the fake's screen would
            take longer than the bot does."""
            before, started = len(api.calls), time.time()
            await agent.say(text)
            return (await api.until(lambda: next((call.at for call in api.calls[before:] if call.method == "sendMessage"),
                                                 None), 30) - started) * 1000

        times = [await ask(line) for line in lines][WARM:]
        bare = [await ask("/new") for _ in range(50)]
        await bot.stop()
    return times, bare


def told(name: str, times: list[float]) -> str:
    return f"{name:<42} p50 {percentile(times, 50):6.1f} ms   p95 {percentile(times, 95):6.1f} ms   ({len(times)})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--repeat", action="store_true", help="one line again and again")
    args = parser.parse_args()
    lines = [query.q for query in load("dev") if query.gold][:args.lines + WARM]
    lines = [lines[0]] * len(lines) if args.repeat else list(dict.fromkeys(lines))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        in_process = in_terminal(lines, folder)
        if (ROOT / "data" / "index").exists():
            shutil.copytree(ROOT / "data" / "index", folder / "data" / "index", ignore=shutil.ignore_patterns("owner.*"))
        times, bare = asyncio.run(over_telegram(lines, folder, ROOT / "corpus"))
    print(told("terminal: typed to painted", in_process))
    print(told("Telegram: text in to card out, loopback", times))
    print(told("Telegram: /new in to answer out, no search", bare))


if __name__ == "__main__":
    main()
