"""A team on the phone at once, with the bot killed in the middle: is every message answered once, and logged once?

    python -m evals.soak [--agents 600] [--messages 20] [--minutes 6] [--kills 3] [--limits]

The real `coach bot` runs as a process of its own against the strict fake Telegram in this one. Agents write lines of the
dev set and press 换一句, without waiting for the answer; now and then the bot gets kill -9 and is started again. Falls
with status 1 when a message is lost, doubled, out of order, or not logged as it was answered.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from assistant.domain import Role
from assistant.fakeapi import FakeBotApi, Person, Tap
from assistant.store import Store
from evals.data import load
from evals.metrics import percentile

ROOT = Path(__file__).parent.parent
READY = "在线"
SHADOW = 30  # seconds after a restart in which answers still queue
PRESS = 0.1  # share of actions that press a key instead of writing
CONFIG = """[paths]
corpus = "{corpus}"
data = "{data}"
[telegram]
base_url = "{base_url}"
per_second = {per_second}
"""


class BotProcess:
    """`coach bot` as a process: started, killed, started again."""

    def __init__(self, folder: Path, api: FakeBotApi, corpus: Path, per_second: float = 0) -> None:
        self.folder, self.token = folder, api.token
        self.process: asyncio.subprocess.Process | None = None
        self.said: list[str] = []
        self.peak_mb = 0.0
        self._reader: asyncio.Task | None = None
        (folder / "config.toml").write_text(CONFIG.format(corpus=corpus, data=folder / "data", base_url=api.origin,
                                                          per_second=per_second), encoding="utf-8")

    async def start(self, seconds: float = 120) -> float:
        """Starts it; seconds until it answers."""
        started = time.perf_counter()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "assistant", "bot", "--config", str(self.folder / "config.toml"), cwd=self.folder,
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COACH_TELEGRAM_TOKEN": self.token})
        self._reader = asyncio.create_task(self._read())
        while not any(READY in line for line in self.said[-50:]):
            if self.process.returncode is not None or time.perf_counter() - started > seconds:
                raise RuntimeError("the bot did not start:\n" + "\n".join(self.said[-20:]))
            await asyncio.sleep(0.02)
        return time.perf_counter() - started

    async def kill(self) -> None:
        """kill -9."""
        self._measure()
        self.process.kill()
        await self._end()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        self._measure()
        self.process.terminate()
        await self._end()
        return self.process.returncode

    async def _end(self) -> None:
        await self.process.wait()
        await self._reader
        self.said.append("-- ended --")
        self.said = [line for line in self.said if READY not in line]

    async def _read(self) -> None:
        async for line in self.process.stderr:
            self.said.append(line.decode("utf-8", "replace").rstrip())

    def _measure(self) -> None:
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            peak = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "VmHWM 0")
            self.peak_mb = max(self.peak_mb, int(peak.split()[1]) / 1024)


@dataclass(slots=True)
class Agent:
    """What one agent did: a written line, or "换一句" for a pressed key, each with its time and its tap."""

    person: Person
    did: list[tuple[str, float, Tap | None]] = field(default_factory=list)

    def answers(self) -> int:
        """Messages of the bot, and toasts that said something (the end of a ladder comes as one)."""
        return len(self.person.chat.by_bot) + sum(bool(toast(tap)) for _, _, tap in self.did)


@dataclass(slots=True)
class Figures:
    """What came of it; the lists name agents."""

    agents: int = 0
    accepted: int = 0
    answered: int = 0
    logged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    probes: int = 0
    kills: int = 0
    restart_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    quiet_p95_ms: float = 0.0
    peak_mb: float = 0.0
    exit_status: int = 0

    @property
    def good(self) -> bool:
        """Nothing lost, doubled or unlike the log."""
        return not (self.lost or self.doubled or self.unlike) and self.accepted == self.answered == self.logged

    def lines(self) -> list[str]:
        """For people."""
        restarts = f", restarts {' '.join(f'{one:.1f}' for one in self.restart_s)} s" if self.restart_s else ""
        return [
            f"{self.agents} agents, {self.accepted} messages and keys in {self.seconds:.0f} s "
            f"({self.accepted / max(self.seconds, 0.001):.1f}/s), {self.kills} x kill -9{restarts}",
            f"answered {self.answered}, logged {self.logged}; lost {len(self.lost)}, doubled {len(self.doubled)}, "
            f"out of order or unlike the log {len(self.unlike)}",
            f"from written to answered: p50 {self.p50_ms:.0f} ms, p95 {self.p95_ms:.0f} ms "
            f"(p95 outside {SHADOW} s after a restart {self.quiet_p95_ms:.0f} ms)",
            f"looked for {self.probes} times after a kill, other refusals {self.refused or 0}; peak memory {self.peak_mb:.0f} MB; "
            f"exit status at SIGTERM {self.exit_status}"]


async def warm(api: FakeBotApi, person: Person) -> None:
    """Waits until the search is open: an index that has to be built first is not what is measured."""
    await person.say("太贵了")
    await person.reply(timeout=600)
    api.calls.clear()


def toast(tap: Tap | None) -> str:
    """What the bot answered to a pressed key, if it said anything there."""
    return (tap.query.answer or {}).get("text", "") if tap is not None else ""


async def work(agent: Agent, lines: Sequence[str], messages: int, seconds: float, dice: random.Random) -> None:
    """Writes and presses at random moments, whether or not the bot is there."""
    moments = sorted(dice.uniform(0, seconds) for _ in range(messages))
    started = time.time()
    for moment in moments:
        await asyncio.sleep(max(0.0, started + moment - time.time()))
        card = next((one for one in reversed(agent.person.chat.by_bot) if "换一句" in one.labels), None)
        if card is not None and dice.random() < PRESS:
            at = time.time()
            agent.did.append(("换一句", at, await agent.person.tap(card, "换一句")))
        else:
            line = dice.choice(lines)
            agent.did.append((line, time.time(), None))
            await agent.person.say(line)


async def trouble(bot: BotProcess, kills: int, seconds: float, dice: random.Random, figures: Figures, times: list[float]) -> None:
    """Kills the bot at random moments and starts it again at once."""
    started = time.time()
    for moment in sorted(dice.uniform(0.15 * seconds, 0.85 * seconds) for _ in range(kills)):
        await asyncio.sleep(max(0.0, started + moment - time.time()))
        times.append(time.time())
        await bot.kill()
        figures.kills += 1
        figures.restart_s.append(await bot.start())
        times.append(time.time())


def told_of(database: Path) -> dict[str, list[tuple[str, str, str, str]]]:
    """By person, in order: what was heard, told and asked, and how, as the log has it; lines told along left out."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    with closing(sqlite3.connect(database)) as log:
        for person, *turn in log.execute("select s.person, t.heard, t.told, t.asked, t.kind from turns t "
                                         "join sessions s on s.id = t.session where t.kind != 'also' order by t.id"):
            found.setdefault(person, []).append(tuple(turn))
    return found


def compare(agents: Sequence[Agent], api: FakeBotApi, database: Path, kill_times: Sequence[float], figures: Figures) -> None:
    """Each agent's actions against the messages in the chat and the turns in the log, one by one."""
    log = told_of(database)
    sent: dict[int, list[float]] = {}
    for call in api.calls:
        if call.method.lower() == "sendmessage":
            sent.setdefault(int(call.params["chat_id"]), []).append(call.at)
    waits, quiet = [], []
    for agent in agents:
        name, turns = str(agent.person.id), log.get(str(agent.person.id), [])
        figures.accepted += len(agent.did)
        figures.answered += agent.answers()
        figures.logged += len(turns)
        if min(agent.answers(), len(turns)) < len(agent.did):
            figures.lost.append(name)
        if max(agent.answers(), len(turns)) > len(agent.did):
            figures.doubled.append(name)
        messages = iter(zip([one.text for one in agent.person.chat.by_bot], sent.get(agent.person.id, []), strict=False))
        for (did, at, tap), (heard, told, asked, kind) in zip(agent.did, turns, strict=False):
            text, arrived = (toast(tap), at) if toast(tap) else next(messages, ("", at))
            as_logged = told in text.partition("\n")[0] and asked in text
            if not as_logged or (did != "换一句" and did != heard) or (did == "换一句") != (kind == "again"):
                figures.unlike.append(name)
                break
            if arrived > at:
                waits.append((arrived - at) * 1000)
                if not any(begin - 1 < at < end + SHADOW for begin, end in zip(kill_times[::2], kill_times[1::2], strict=False)):
                    quiet.append(waits[-1])
    if waits:
        figures.p50_ms, figures.p95_ms = percentile(waits, 50), percentile(waits, 95)
        figures.quiet_p95_ms = percentile(quiet or waits, 95)
    refusals = [one for one in api.refusals if one.code != 409]
    figures.probes = sum(one.method.lower() == "editmessagetext" for one in refusals)
    figures.refused = dict(Counter(f"{one.method} {one.code} {one.description[:60]}" for one in refusals
                                   if one.method.lower() != "editmessagetext"))


async def soak(folder: Path, corpus: Path, lines: Sequence[str], agents: int, messages: int, seconds: float, kills: int,
               seed: int = 1, limits: bool = False, patience: float = 180) -> Figures:
    """Runs it in a folder; `limits` puts Telegram's flood limits and our rate limiter on."""
    dice, figures, times = random.Random(seed), Figures(agents), []
    async with FakeBotApi() as api:
        api.flood.on = limits
        people = [api.person(10_000 + i, f"座席{i}") for i in range(agents)]
        with closing(Store(folder / "data" / "coach.db")) as store:
            for person in (*people, api.person(9_999, "先到的人")):
                store.know(str(person.id), person.user["first_name"], Role.AGENT, datetime.now())
        bot = BotProcess(folder, api, corpus, 30 if limits else 0)
        await bot.start(600)
        team = [Agent(person) for person in people]
        await warm(api, api.person(9_999, "先到的人"))
        started = time.time()
        await asyncio.gather(*(work(agent, lines, messages, seconds, random.Random(dice.random())) for agent in team),
                             trouble(bot, kills, seconds, dice, figures, times))
        deadline = time.time() + patience
        while time.time() < deadline and (api.updates.pending or any(
                agent.answers() < len(agent.did) for agent in team)):
            await asyncio.sleep(0.2)
        figures.seconds = time.time() - started
        await asyncio.sleep(min(5.0, seconds / 10))  # a doubled message would come now
        figures.exit_status = await bot.stop()
        figures.peak_mb = bot.peak_mb
        compare(team, api, folder / "data" / "coach.db", times, figures)
        if not figures.good:
            (folder / "bot.log").write_text("\n".join(bot.said), encoding="utf-8")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=600)
    parser.add_argument("--messages", type=int, default=20, help="by each agent")
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limits", action="store_true", help="with Telegram's limits, 30 messages a second")
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--index", type=Path, default=ROOT / "data" / "index", help="an index to start from, if it is there")
    args = parser.parse_args()
    lines = [query.q for query in load("dev") if any(char.isalnum() for char in query.q)]  # others are no turns
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    if args.index.exists():
        shutil.copytree(args.index, folder / "data" / "index", ignore=shutil.ignore_patterns("owner.*"))
    figures = asyncio.run(soak(folder, args.corpus, lines, args.agents, args.messages, args.minutes * 60, args.kills, args.seed,
                               args.limits))
    print(f"{len(set(lines))} different lines, seed {args.seed}{', with limits' if args.limits else ''}")
    print("\n".join(figures.lines()))
    if not figures.good:
        print(f"FAILED: lost {figures.lost[:5]}, doubled {figures.doubled[:5]}, unlike {figures.unlike[:5]}; see {folder}")
        sys.exit(1)
    shutil.rmtree(folder)
    print(json.dumps({"good": True, "p95_ms": round(figures.p95_ms), "peak_mb": round(figures.peak_mb)}))


if __name__ == "__main__":
    main()
