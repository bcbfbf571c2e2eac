"""The command line: the only place that builds things, reads the environment and owns the clock.

Heavy imports live inside the verbs, so that `coach --help` answers in a blink.
"""
from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from assistant import logs, misuse
from assistant.errors import CoachError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="续保教练：客户一句话，给你一句能说、合规、有出处的回应。")
AsOf = Annotated[Optional[str], typer.Option("--as-of", metavar="日期", help="把今天当作这一天，如 2026-11-24")]
Region = Annotated[str, typer.Option("--region", metavar="地区", help="省份，或交强险的 A 到 E 类")]
Settings = Annotated[Path, typer.Option("--config", envvar="COACH_CONFIG", help="设置文件")]
_CONFIG = Path("config.toml")
CLI_PERSON = "local"
_INTERRUPTED = 130


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CoachError(f"日期 {text} 看不懂，请写成 2026-11-24 这样。") from error


def _config(path: Path):
    from assistant import config

    return config.load(path)


def _progress():
    """A progress bar on a terminal, a line now and then elsewhere; both on stderr, so that output stays clean."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                   console=_stderr(), transient=True)
    task = None

    def report(done: int, total: int) -> None:
        nonlocal task
        if total == 0:
            return
        if task is None:
            bar.start()
            task = bar.add_task("正在建索引", total=total)
        bar.update(task, completed=done, total=total)
        if done >= total:
            bar.stop()

    return report, bar.stop


def _stderr():
    from rich.console import Console

    return Console(stderr=True)


def _say_error(text: str) -> None:
    print(logs.clean(text), file=sys.stderr)


def _corpus(config):
    from assistant.knowledge.read import read_corpus

    reading = read_corpus(config.paths.corpus)
    for problem in reading.problems:
        _say_error(f"语料有问题，先跳过：{problem}")
    return reading


@contextlib.contextmanager
def _search(config, corpus, rebuild: bool = False, halted: Callable[[], bool] = lambda: False):
    """The search, opened; closed again at the end, so that another process may have the index. `halted` ends a build."""
    from assistant.knowledge import open_search

    with contextlib.suppress(OSError):  # the index names what is wrong with the folder
        config.paths.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    report, stop = _progress()

    def step(done: int, total: int) -> None:
        report(done, total)
        if halted():
            raise CoachError("停下了，索引还没建完，下次启动接着建。")

    try:
        searcher = open_search(corpus, config.index, config.encoder.model, step, rebuild)
    finally:
        stop()
    try:
        yield searcher
    finally:
        searcher.index.close()


@app.command()
def ask(
    line: Annotated[Optional[str], typer.Argument(help="客户说的话")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help='从标准输入逐行读 {"id","q"}，逐行输出 JSON')] = False,
    as_of: AsOf = None,
    region: Region = "",
    energy: Annotated[str, typer.Option("--energy", metavar="能源", help="fuel 燃油车，nev 新能源车")] = "",
    channel: Annotated[str, typer.Option("--channel", metavar="渠道", help="insurer、dealer（4S 店）或 intermediary")] = "",
    said: Annotated[str, typer.Option("--slots", metavar="数", help='客户报的数，如 "上年3200 今年2950 未出险 12天到期"')] = "",
    config: Settings = _CONFIG,
) -> None:
    """问一句，得一张卡；不记日志。"""
    from assistant import asking

    if as_jsonl and line is not None:
        raise CoachError("--jsonl 从标准输入读，不要再写一句话。")
    if not as_jsonl and (line is None or not line.strip()):
        raise CoachError('请写上客户说的话，例如：coach ask "太贵了"')
    settings = _config(config)
    corpus = _edited(_corpus(settings).corpus, settings)
    scene = asking.scene(corpus, _day(as_of) or date.today(), region, energy, channel, said)
    with _search(settings, corpus) as searcher:
        if as_jsonl:
            for entry in asking.read_lines(sys.stdin):
                answer = asking.as_object(*asking.ask(entry.get("q"), searcher, corpus, scene))
                print(json.dumps({"id": entry.get("id"), **answer}, ensure_ascii=False), flush=True)
            return
        suggestion, ms = asking.ask(line, searcher, corpus, scene)
        if as_json:
            print(json.dumps(asking.as_object(suggestion, ms), ensure_ascii=False))
            return
        from assistant import render
        from assistant.handlers.terminal import paint

        paint(render.card(suggestion, corpus, scene.place))


def _edited(corpus, settings):
    """The corpus with the managers' lines over its cards, where there is a log to read them from; a log that cannot be read
    costs a sentence, not the answer."""
    if not settings.database.exists():
        return corpus
    from assistant import overlay
    from assistant.store import Store

    try:
        with contextlib.closing(Store(settings.database)) as store:
            return overlay.over(corpus, store.edits())
    except CoachError as error:
        _say_error(f"主管改过的话术没读到，先用文件里的：{error}")
        return corpus


def _catch_up(store, corpus, settings) -> None:
    """At a start: the managers' lines over the cards (a corpus made by overlay.over), what has changed since the last start
    noticed, what is too old forgotten. A log that cannot be used is named at the first answer."""
    from assistant import overlay
    from assistant.handlers import recall

    with contextlib.suppress(CoachError):
        overlay.lay_all(corpus, store.edits())
        recall.watch(store, corpus, datetime.now())
    cli_data.expire(store, settings.privacy.keep_days, datetime.now())


@app.command()
def chat(
    as_of: AsOf = None,
    person: Annotated[str, typer.Option("--as", envvar="COACH_PERSON", help="记在谁名下")] = CLI_PERSON,
    config: Settings = _CONFIG,
) -> None:
    """打开终端里的教练：输入客户说的话，马上得到能说的那一句。"""
    from datetime import timedelta

    from assistant import overlay
    from assistant.desk import Desk
    from assistant.domain import Role
    from assistant.handlers import terminal
    from assistant.knowledge.likeness import guard_over
    from assistant.store import Store

    settings = _config(config)
    corpus = overlay.over(_corpus(settings).corpus)
    with _search(settings, corpus) as searcher, contextlib.closing(Store(settings.database)) as store:
        with contextlib.suppress(CoachError):  # a log that cannot be written is named at the first answer
            # whoever has the machine may do all; somebody named with --as is an agent until `coach people role` says more
            store.know(person, person, Role.ADMIN if person == CLI_PERSON else Role.AGENT, datetime.now())
        _catch_up(store, corpus, settings)
        desk = Desk(searcher, corpus, store, guard_over(corpus.redlines), timedelta(minutes=settings.call.idle_minutes), _day(as_of))
        terminal.run(desk, person, datetime.now)


@app.command()
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="不管有没有变，从头再建")] = False,
    config: Settings = _CONFIG,
) -> None:
    """建好或更新索引（平时会自动做）。"""
    settings = _config(config)
    corpus = _corpus(settings).corpus
    started = time.perf_counter()
    with _search(settings, corpus, rebuild) as searcher:
        print(f"索引好了：{len(corpus.cards)} 张卡片，{len(searcher.index.texts)} 句，"
              f"用时 {time.perf_counter() - started:.1f} 秒。")


@app.command()
def lint(as_of: AsOf = None, config: Settings = _CONFIG) -> None:
    """检查语料：每个问题写明文件、行和怎么改。"""
    from assistant.knowledge.lint import lint as check
    from assistant.knowledge.read import read_corpus

    reading = read_corpus(_config(config).paths.corpus)
    problems = check(reading, _day(as_of) or date.today())
    for problem in problems:
        print(problem)
    if problems:
        _say_error(f"共 {len(problems)} 个问题。")
        raise typer.Exit(1)
    corpus = reading.corpus
    print(f"没有问题：{len(corpus.cards)} 张卡片、{sum(len(c.phrasings) for c in corpus.cards.values())} 句说法、"
          f"{len(corpus.facts)} 条事实、{len(corpus.redlines)} 条红线。")


@app.command()
def log(
    search: Annotated[Optional[str], typer.Argument(help="要找的词，如 太贵")] = None,
    since: Annotated[Optional[str], typer.Option("--since", metavar="日期", help="从这一天起")] = None,
    call: Annotated[Optional[int], typer.Option("--call", help="只看这一通电话")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多多少条")] = 50,
    gaps: Annotated[bool, typer.Option("--gaps", help="只看没有答案的，连同当作不相干的")] = False,
    export: Annotated[Optional[Path], typer.Option("--export", help="写到 .csv 或 .json 文件（- 为标准输出 JSON）")] = None,
    config: Settings = _CONFIG,
) -> None:
    """看、搜、导出教练记录。"""
    from assistant import logbook
    from assistant.store import Store

    with contextlib.closing(Store(_config(config).database)) as store:
        turns = store.turns(search or "", _day(since), call, None if export else limit)
        if gaps:
            turns = tuple((one, turn) for one, turn in turns if any(flag == "gap" or flag.startswith("off_topic") for flag in turn.flags))
    if export is not None:
        print(logbook.export(turns, export), file=sys.stderr)
        return
    for text in logbook.transcript(turns):
        print(text)
    if not turns:
        print("没有找到记录。" if search else "还没有记录。")


@app.command("eval", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def evaluate(context: typer.Context) -> None:
    """跑评测：没见过的话听懂多少、该拒的拒了多少、多快（参数同 python -m evals.run）。"""
    import runpy

    sys.argv = ["coach eval", *context.args]
    runpy.run_module("evals.run", run_name="__main__")


@app.command()
def doctor(config: Settings = _CONFIG) -> None:
    """体检：设置、语料、编码器、索引、日志哪里不对，怎么修。"""
    from assistant.doctor import examine

    healthy = True
    for finding in examine(config, date.today()):
        print(f"{'✓' if finding.ok else '✗'} {finding.what}：{finding.detail}")
        healthy &= finding.ok
    if not healthy:
        raise typer.Exit(1)


from assistant import cli_bot, cli_check, cli_data, cli_facts  # noqa: E402, F401  last: their verbs use what stands above


def main() -> None:
    """Runs a verb. Exit status 2 with one sentence on stderr for misuse and for what cannot be used."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    logs.install()
    try:
        status = app(standalone_mode=False) or 0
        if status == _INTERRUPTED:  # typer turns Ctrl-C into this status
            raise KeyboardInterrupt
        sys.exit(status)
    except typer.TyperException as error:
        _say_error(misuse.sentence(error))
        sys.exit(2)
    except CoachError as error:
        _say_error(str(error))
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (KeyboardInterrupt, typer.Abort):
        _say_error("\n已停下。已存的东西都在，下次照常启动。")
        sys.exit(_INTERRUPTED)
