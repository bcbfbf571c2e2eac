"""What is wrong with a set-up, and how to put it right: one finding a part, in plain words."""
from __future__ import annotations

import importlib.metadata
import os
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from assistant import config as configuration
from assistant.errors import CoachError

_LIBRARIES = ("chromadb", "onnxruntime", "tokenizers", "sqlite-utils", "bm25s", "python-telegram-bot", "langchain",
              "sentence-transformers", "torch")


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the set-up: whether it is well, and what was seen or what to do."""

    ok: bool
    what: str
    detail: str


def _libraries() -> Finding:
    missing = []
    for name in _LIBRARIES:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    python = ".".join(str(part) for part in sys.version_info[:3])
    if missing:
        return Finding(False, "运行环境", f"缺少 {'、'.join(missing)}。请运行：pip install . -c constraints.txt")
    return Finding(True, "运行环境", f"Python {python}、SQLite {sqlite3.sqlite_version}，依赖齐全")


def _corpus(settings, today: date) -> tuple[Finding, object]:
    from assistant.knowledge.lint import lint
    from assistant.knowledge.read import read_corpus

    reading = read_corpus(settings.paths.corpus)
    problems = lint(reading, today)
    if problems:
        return Finding(False, "语料", f"{len(problems)} 个问题，第一个是 {problems[0]}。请运行：coach lint"), reading
    phrasings = sum(len(card.phrasings) for card in reading.corpus.cards.values())
    return Finding(True, "语料", f"{len(reading.corpus.cards)} 张卡片、{phrasings} 句说法、{len(reading.corpus.facts)} 条事实"), reading


def _log(settings) -> Finding:
    from assistant.store import Store

    store = Store(settings.database)
    try:
        damage = tuple(store.check())
        counts = store.counts()
    finally:
        store.close()
    if damage:
        return Finding(False, "日志", f"{settings.database} 有损坏（{damage[0]}）。请改名留底，从备份恢复。")
    return Finding(True, "日志", f"{settings.database}：{counts['sessions']} 通电话、{counts['turns']} 轮、{counts['gaps']} 个没答上的")


def _rights(settings) -> Finding:
    """Whether others on this machine can read what customers said."""
    if os.name != "posix":
        return Finding(True, "文件权限", "这个系统不用 Unix 权限，请确认只有您能打开数据目录")
    database = settings.database
    open_files = [path for path in (database, *database.parent.glob(f"{database.name}-*")) if path.stat().st_mode & 0o077]
    if open_files:
        names, paths = "、".join(path.name for path in open_files), " ".join(shlex.quote(str(path)) for path in open_files)
        return Finding(False, "文件权限", f"本机别的用户能读写 {names}。请运行：chmod 600 {paths}")
    if database.parent.stat().st_mode & 0o077:
        return Finding(False, "文件权限", f"本机别的用户能进 {database.parent}。请运行：chmod 700 {shlex.quote(str(database.parent))}")
    return Finding(True, "文件权限", f"只有您自己能读 {database.parent}")


def _age(settings, today: date) -> Finding:
    """Whether the log keeps more than it should."""
    from assistant.domain import Scope
    from assistant.store import Store

    store = Store(settings.database)
    try:
        oldest, days = store.oldest(), settings.privacy.keep_days
        limit = today - timedelta(days=days)
        late = store.forgettable(Scope(before=limit)).get("turns", 0) if days else 0
    finally:
        store.close()
    if late:
        return Finding(False, "旧记录", f"有 {late} 轮早于 {limit}（keep_days = {days}），下次启动时删；现在就删：coach forget --before {limit}")
    told = f"最早的是 {oldest}" if oldest else "还没有记录"
    return Finding(True, "旧记录", f"{told}，{f'只留 {days} 天' if days else '一直保留；要删旧的：coach forget --before 日期'}")


def _bot(settings) -> Finding:
    """Whether the bot could start; it is not asked for, so no network is needed."""
    if not configuration.secret("token"):
        return Finding(True, "Telegram", "没有设令牌（COACH_TELEGRAM_TOKEN），不用机器人就不用管；怎么领见 README")
    if settings.telegram.webhook_url and not configuration.secret("secret"):
        return Finding(False, "Telegram", "设了 webhook_url 却没设环境变量 COACH_TELEGRAM_SECRET。请设好再启动机器人")
    how = "webhook" if settings.telegram.webhook_url else "长轮询"
    return Finding(True, "Telegram", f"令牌已设，{how}{'，走代理' if settings.telegram.proxy else ''}；启动：coach bot")


def _index(settings, reading) -> Iterator[Finding]:
    from assistant.knowledge import open_search

    searcher = open_search(reading.corpus, settings.index, settings.encoder.model)
    try:
        yield Finding(True, "编码器", searcher.embedder.name)
        if settings.encoder.model == "built-in":
            yield from _bank(reading)
        found = searcher("太贵了")
        yield Finding(bool(found.hits), "索引", f"{len(searcher.index.texts)} 句，试问“太贵了”用了 "
                                              f"{found.embed_ms + found.search_ms:.0f} 毫秒" if found.hits else
                      "问“太贵了”没有结果。请运行：coach index --rebuild")
    finally:
        searcher.index.close()


def _bank(reading) -> Iterator[Finding]:
    """Whether the built-in encoder was trained on the phrasings of today."""
    import json

    from assistant.knowledge.embed import BUILT_IN_FOLDER
    from assistant.knowledge.index import bank_hash, entries_of

    made = json.loads((BUILT_IN_FOLDER / "made.json").read_text(encoding="utf-8"))
    now = bank_hash(entries_of(reading.corpus))
    if made["bank"] == now:
        yield Finding(True, "说法库", f"内置编码器就是用这 {made['phrasings']} 句训练的")
    else:
        # New lines work at once through the index; only many of them are worth a new training.
        yield Finding(True, "说法库", f"编码器训练之后有改动（训练时 {made['phrasings']} 句）。照常可用；改得多了再运行：make train")


def examine(path: Path, today: date) -> Iterator[Finding]:
    """Looks at every part in the order in which they depend on each other; what fails does not stop the rest."""
    yield _libraries()
    try:
        settings = configuration.load(path)
    except CoachError as error:
        yield Finding(False, "设置", str(error))
        return
    yield Finding(True, "设置", f"{path}" if path.exists() else f"没有 {path}，用的是默认设置")
    reading = None
    try:
        finding, reading = _corpus(settings, today)
        yield finding
    except CoachError as error:
        yield Finding(False, "语料", str(error))
    try:
        yield _log(settings)
        yield _rights(settings)
        yield _age(settings, today)
    except CoachError as error:
        yield Finding(False, "日志", str(error))
    yield _bot(settings)
    if reading is not None:
        try:
            yield from _index(settings, reading)
        except CoachError as error:
            yield Finding(False, "索引", str(error))
