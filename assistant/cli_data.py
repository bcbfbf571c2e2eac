"""The verbs about stored data: forget it, copy it, see who did what to it."""
from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from assistant.cli import _CONFIG, CLI_PERSON, Settings, _config, _day, _say_error, app
from assistant.errors import CoachError

_NAMES = {"sessions": "通话", "turns": "轮次", "citations": "依据", "feedback": "反馈", "gaps": "没答上的", "notices": "通知",
          "people": "人员", "inbox": "收件", "outbox": "发件", "slots": "客户报的数", "invites": "邀请", "chats": "聊天",
          "checks": "能说吗"}
ELSEWHERE = "以前的备份和导出的文件不在这里面，没有动；请您自己找到并删掉。"


def counted(counts: Mapping[str, int]) -> str:
    """Rows by table, in words."""
    return "、".join(f"{_NAMES.get(table, table)} {count}" for table, count in sorted(
        counts.items(), key=lambda item: (item[0] not in ("sessions", "turns"), item[0]))) or "没有"


def _scope(before: str | None, person: str | None, call: int | None, keep_person: bool):
    from assistant.domain import Scope

    if sum(value is not None for value in (before, person, call)) != 1 or person == "":
        raise CoachError("请只写一样：--before 日期、--person 编号 或 --call 通话号。先看会删多少：加 --dry-run")
    if keep_person and person is None:
        raise CoachError("--keep-person 只和 --person 一起用。")
    return Scope(_day(before), person or "", call, keep_person)


@app.command()
def forget(
    before: Annotated[Optional[str], typer.Option("--before", metavar="日期", help="删这一天以前的记录")] = None,
    person: Annotated[Optional[str], typer.Option("--person", metavar="编号", help="删这个人的一切")] = None,
    call: Annotated[Optional[int], typer.Option("--call", metavar="通话号", help="删这一通电话")] = None,
    keep_person: Annotated[bool, typer.Option("--keep-person", help="只删记录，人还能用")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说会删多少，什么都不动")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再问，直接删")] = False,
    as_person: Annotated[str, typer.Option("--as", envvar="COACH_PERSON", help="审计里记成谁删的")] = CLI_PERSON,
    config: Settings = _CONFIG,
) -> None:
    """真正删掉记录：表里、搜索索引里、磁盘上都不留；审计里记一笔。"""
    from assistant.store import Store

    scope = _scope(before, person, call, keep_person)
    if not (dry_run or yes or sys.stdin.isatty()):
        raise CoachError("不在终端里，没法问您；确定要删请加 --yes，先看会删多少请加 --dry-run。")
    with contextlib.closing(Store(_config(config).database)) as store:
        found = store.forgettable(scope)
        print(f"{'会删掉' if found else '没有要删的记录'}{'：' + counted(found) if found else '。'}")
        if dry_run:
            return
        if not found:
            store.sweep()  # a run that was stopped half-way may have left bytes behind
            return
        if not yes and input("删了就找不回来。确定删吗？[y/N] ").strip().lower() not in ("y", "yes", "是"):
            print("没有删。")
            return
        removed = store.forget(scope, as_person, datetime.now())
    print(f"删掉了：{counted(removed)}。{ELSEWHERE}")


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="文件", help="新文件，如 backup-2026-11-24.db")],
           config: Settings = _CONFIG) -> None:
    """把记录复制一份（机器人开着也行），查过完好才算数；从不覆盖已有的文件。"""
    from assistant.store import Store

    with contextlib.closing(Store(_config(config).database)) as store:
        turns = store.backup(file)
    print(f"备份好了：{file}，{turns} 轮，已检查。它不会跟着 coach forget 变，不用了请删掉。")


@app.command()
def audit(limit: Annotated[int, typer.Option("--limit", min=1, help="最多多少条")] = 50, config: Settings = _CONFIG) -> None:
    """谁在什么时候动过人、话术和记录（给管这台机器的人看）。"""
    from assistant.store import Store

    with contextlib.closing(Store(_config(config).database)) as store:
        entries = store.audited(limit)
    for entry in entries:
        print(f"{entry['at'][:16].replace('T', ' ')} {entry['person']} {entry['what']} {entry['detail']}")
    if not entries:
        print("还没有审计记录。")


def expire(store, keep_days: int, now: datetime) -> None:
    """Forgets at the start what the settings do not keep; what prevents it costs a sentence, not the start."""
    try:
        removed = store.expire(keep_days, now)
    except CoachError as error:
        _say_error(f"按 keep_days 删旧记录没成功：{error}")
        return
    if removed:
        _say_error(f"按设置（keep_days = {keep_days}）删掉了旧记录：{counted(removed)}。")
