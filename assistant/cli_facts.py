"""The verbs about facts: why 交强险 changed, and who was given what has been withdrawn."""
from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Optional

import typer

from assistant.cli import _CONFIG, CLI_PERSON, AsOf, Region, Settings, _config, _corpus, _day, app
from assistant.errors import CoachError


@app.command("float")
def float_(
    words: Annotated[list[str], typer.Argument(help="地区和出险情况，如 广东 3年未出险；A 有责1次")],
    as_of: AsOf = None,
    region: Region = "",
    config: Settings = _CONFIG,
) -> None:
    """交强险为什么变了：法定浮动比率，一步一步，写明依据（自己看，不念给客户）。"""
    from assistant.handlers import floating
    from assistant.handlers.terminal import paint
    from assistant.places import region as known

    facts = _corpus(_config(config)).corpus.facts
    if region and known(region, facts.values()) is None:
        raise CoachError(f"--region {region} 看不懂，请写省份或 A 到 E。")
    paint(floating.lines(" ".join(words), region, facts, _day(as_of) or date.today()))


@app.command()
def recall(
    wanted: Annotated[Optional[str], typer.Argument(metavar="编号", help="事实 COM-22、卡片 价格太高（或 price_too_high），或其中一句 价格太高#2")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="往回看多少天")] = 30,
    send: Annotated[bool, typer.Option("--send", help="给每位用过的人发一条更正")] = False,
    text: Annotated[str, typer.Option("--text", help="更正的话")] = "",
    status: Annotated[bool, typer.Option("--status", help="发过的更正谁看过了")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="哪些事实和话改了、撤了，谁拿到过旧的")] = False,
    config: Settings = _CONFIG,
) -> None:
    """撤回：谁在哪通电话里拿到过这条，发更正，看谁已读。"""
    from assistant.handlers import recall as speaking
    from assistant.knowledge.likeness import guard_over
    from assistant.store import Store

    if changed == (wanted is not None) or (status and send) or (changed and (status or send)):
        raise CoachError("请写一个编号（可加 --send --text 或 --status），或者只写 --changed。")
    if text and not send:
        raise CoachError("写了 --text 却没写 --send，没有发。要发请加上 --send。")
    settings, now = _config(config), datetime.now()
    corpus = _corpus(settings).corpus
    with contextlib.closing(Store(settings.database)) as store:
        speaking.watch(store, corpus, now)
        rows: Iterable[str]
        if changed:
            rows = speaking.changed(store, corpus, now, days)
        elif status:
            rows = speaking.status(wanted, store, corpus)
        elif send:
            rows = speaking.send(wanted, text, store, corpus, guard_over(corpus.redlines), CLI_PERSON, now, days)
        else:
            rows = speaking.given(wanted, store, corpus, now, days)
    for row in rows:
        print(row)
