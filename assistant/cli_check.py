"""`coach check`: may this be said? For scripts and for a compliance officer who has changed corpus/redlines.toml."""
from __future__ import annotations

import json
import sys
from datetime import date
from typing import Annotated, Optional

import typer

from assistant.cli import _CONFIG, AsOf, Settings, _config, _corpus, _day, app
from assistant.errors import CoachError


@app.command()
def check(
    text: Annotated[Optional[str], typer.Argument(help="打算对客户说的话")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help='从标准输入逐行读 {"id","text"}，逐行输出 JSON')] = False,
    as_of: AsOf = None,
    config: Settings = _CONFIG,
) -> None:
    """能说吗：对客户说之前先查红线；不记日志。"""
    from assistant import asking, render
    from assistant.guard import unsupported
    from assistant.knowledge.likeness import guard_over

    if as_jsonl and text is not None:
        raise CoachError("--jsonl 从标准输入读，不要再写一句话。")
    if not as_jsonl and (text is None or not text.strip()):
        raise CoachError('请写上打算说的话，例如：coach check "今天办我给您返三百"')
    corpus = _corpus(_config(config)).corpus
    guard, day = guard_over(corpus.redlines), _day(as_of) or date.today()
    facts = [fact for fact in corpus.facts.values() if fact.in_force(day)]

    def verdict(words: str) -> dict:
        return asking.as_verdict(guard(words), render.named(unsupported(words, facts)))

    if as_jsonl:
        for entry in asking.read_lines(sys.stdin, "text", "今天办我给您返三百"):
            print(json.dumps({"id": entry.get("id"), **verdict(entry["text"])}, ensure_ascii=False), flush=True)
        return
    if as_json:
        print(json.dumps(verdict(text), ensure_ascii=False))
        return
    from assistant.handlers.terminal import paint

    paint(render.verdict(guard(text), unsupported(text, facts), corpus).lines)
