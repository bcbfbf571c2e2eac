"""Runs the evals: how often the right card comes first, how well off-topic is declined, how long it takes.

    python -m evals.run [--split dev|test] [--baselines] [--report FILE]

Deterministic, without a model service and without a network. Falls with status 1 under a floor of baseline.json.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant import asking, coach
from assistant.domain import Corpus
from evals import baselines, metrics
from evals.data import Query, load

FLOORS = Path(__file__).parent / "baseline.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system gave for a query: cards best first (none: declined), its confidence, and the time."""

    query: Query
    ranked: tuple[str, ...]
    confidence: float = 0.0
    ms: float = 0.0
    steps: dict = field(default_factory=dict)


System = Callable[[str], tuple[Sequence[str], float]]


def answers(queries: Sequence[Query], system: System) -> list[Answer]:
    """Asks a system every query, one after the other, as an agent would."""
    found = []
    for query in queries:
        started = time.perf_counter()
        ranked, confidence = system(query.q)
        found.append(Answer(query, tuple(ranked), confidence, (time.perf_counter() - started) * 1000))
    return found


def scores(found: Sequence[Answer]) -> dict[str, list[float]]:
    """Every metric for every in-scope query, in order; a declined one scores 0."""
    ours = [answer for answer in found if answer.query.gold]
    return {name: [metric(answer.ranked, answer.query.gold) for answer in ours] for name, metric in metrics.METRICS.items()}


def declining(found: Sequence[Answer]) -> dict[str, float]:
    """Share of off-topic lines declined, share of in-scope lines declined, and precision and recall of declining."""
    off = [not answer.ranked for answer in found if not answer.query.gold]
    ours = [not answer.ranked for answer in found if answer.query.gold]
    declined = sum(off) + sum(ours)
    return {"off_declined": metrics.mean(off), "in_scope_declined": metrics.mean(ours),
            "decline_precision": sum(off) / declined if declined else 0.0, "decline_recall": metrics.mean(off)}


def summary(found: Sequence[Answer]) -> dict[str, float]:
    """The figures that the floors name."""
    values = {name: metrics.mean(column) for name, column in scores(found).items()}
    values |= declining(found)
    times = [answer.ms for answer in found]
    values |= {"p50_ms": metrics.percentile(times, 50), "p95_ms": metrics.percentile(times, 95)}
    return values


def confusions(found: Sequence[Answer]) -> list[tuple[tuple[str, str], int, str]]:
    """(right card, card given) by how often, with an example; "(declined)" where none was given."""
    pairs: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for answer in found:
        if answer.query.gold and (not answer.ranked or answer.ranked[0] not in answer.query.gold):
            pair = (answer.query.gold[0], answer.ranked[0] if answer.ranked else "(declined)")
            pairs[pair] += 1
            example.setdefault(pair, answer.query.q)
    return [(pair, count, example[pair]) for pair, count in pairs.most_common()]


def by(found: Sequence[Answer], key: Callable[[Query], str]) -> dict[str, tuple[float, int]]:
    """R@1 and count by a property of the query (voice, kind, card); for off-topic, the share declined."""
    groups: dict[str, list[float]] = defaultdict(list)
    for answer in found:
        right = metrics.recall_at(answer.ranked, answer.query.gold, 1) if answer.query.gold else float(not answer.ranked)
        groups[key(answer.query)].append(right)
    return {name: (metrics.mean(values), len(values)) for name, values in sorted(groups.items())}


def product(searcher, corpus: Corpus) -> System:
    """The assistant itself, as `coach ask` answers."""
    def ask(line: str) -> tuple[Sequence[str], float]:
        whole, parts = asking.look_up(line, searcher)
        chosen = coach.choose(whole, parts, corpus)
        ranked = dict.fromkeys([*chosen, *[hit.card_id for hit in whole.hits]]) if chosen else ()
        return tuple(ranked), whole.confidence
    return ask


@contextlib.contextmanager
def opened(config: Path = Path("config.toml")):
    """The product's search and corpus, as the command line opens them."""
    from assistant import config as configuration
    from assistant.knowledge import open_search
    from assistant.knowledge.read import read_corpus

    settings = configuration.load(config)
    corpus = read_corpus(settings.paths.corpus).corpus
    searcher = open_search(corpus, settings.index, settings.encoder.model,
                           lambda done, total: print(f"\rindexing {done}/{total}", end="", file=sys.stderr, flush=True))
    try:
        yield searcher, corpus
    finally:
        searcher.index.close()


def agreement(searcher, queries: Sequence[Query], k: int = 5) -> float:
    """Share of queries for which Chroma's first k similarities equal those of exact search (ties may swap rows)."""
    from assistant.knowledge.words import normalise

    vectors = searcher.index.vectors()
    same = []
    for query in queries:
        vector = searcher.embedder.encode([normalise(query.q)])[0]
        exact = np.sort(vectors @ vector)[::-1][:k]
        same.append(float(np.allclose(searcher.index.nearest(vector, k)[1], exact, atol=1e-4)))
    return metrics.mean(same)


def cold_start() -> tuple[float, float]:
    """Seconds and peak megabytes of `coach ask` in a new process, from start to printed line."""
    # VmHWM belongs to the new program alone; ru_maxrss would remember the parent from before the exec.
    code = ("import sys\nsys.argv = ['coach', 'ask', '太贵了']\n"
            "from assistant.cli import app\n"
            "try:\n    app()\nexcept SystemExit:\n    pass\n"
            "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
            "print(int(peak.split()[1]) / 1024, file=sys.stderr)\n")
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, float(done.stderr.split()[-1])


def floors_broken(values: dict[str, float], floors: dict[str, float]) -> list[str]:
    """Sentences about every figure on the wrong side of its floor; names that end in _ms, _s, _mb or say `declined` of
    in-scope lines are ceilings."""
    broken = []
    for name, limit in floors.items():
        ceiling = name.endswith(("_ms", "_s", "_mb")) or name in ("in_scope_declined", "false_alarms")
        if name in values and (values[name] > limit if ceiling else values[name] < limit):
            broken.append(f"{name} is {values[name]:.4f}, the {'ceiling' if ceiling else 'floor'} is {limit}")
    return broken


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def compare_row(name: str, found: Sequence[Answer], product_scores: Sequence[float] | None) -> list[str]:
    """A system's line in the table, with the p of a paired randomisation test on R@1 against the product."""
    columns = scores(found)
    low, high = metrics.interval(columns["R@1"])
    p = "" if product_scores is None else f"{metrics.paired_p(product_scores, columns['R@1']):.4f}"
    return [name, f"{metrics.mean(columns['R@1']):.3f} [{low:.3f}, {high:.3f}]",
            *(f"{metrics.mean(columns[key]):.3f}" for key in ("R@3", "MRR", "nDCG@10")), p]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.run", description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="dev", help="dev (default) or test")
    parser.add_argument("--baselines", action="store_true", help="also the baselines, on the same lines")
    parser.add_argument("--base", help="hub name or path of the untuned encoder, as one more baseline")
    parser.add_argument("--report", type=Path, help="write an HTML page with plots")
    parser.add_argument("--save", type=Path, help="write every answer as JSON lines, for evals.compare")
    parser.add_argument("--floors", type=Path, default=FLOORS)
    args = parser.parse_args()
    queries = load(args.split)
    with opened() as (searcher, corpus):
        ask = product(searcher, corpus)
        for query in queries[:20]:
            ask(query.q)
        found = answers(queries, ask)
        values = summary(found)
        values["chroma_agreement"] = agreement(searcher, [query for query in queries if query.gold])
        rows = [compare_row("product", found, None)]
        if args.baselines:
            systems = baselines.all_of(searcher)
            if args.base:
                from assistant.knowledge.embed import SentenceEmbedder
                base = SentenceEmbedder(args.base)
                systems["base encoder, nearest phrasing"] = baselines.encoder(searcher, base)
                systems["its word pieces, static"] = baselines.static(searcher, base)
            for name, system in systems.items():
                rows.append(compare_row(name, answers([q for q in queries if q.gold], system), scores(found)["R@1"]))
    values["cold_s"], values["peak_mb"] = cold_start()
    ours = sum(1 for query in queries if query.gold)
    _table(f"{args.split}: {ours} in-scope lines, {len(queries) - ours} off-topic",
           ("system", "R@1 [95 %]", "R@3", "MRR", "nDCG@10", "p"), rows)
    _table("declining, time, memory", ("figure", "value"), [(name, f"{value:.4f}") for name, value in values.items()])
    _table("by kind and voice", ("group", "right at first place", "lines"),
           [(name, f"{share:.3f}", str(count)) for key in (lambda q: q.kind, lambda q: q.voice)
            for name, (share, count) in by(found, key).items()])
    _table("most frequent confusions", ("right -> given", "times", "example"),
           [(f"{a} -> {b}", str(count), line) for (a, b), count, line in confusions(found)[:15]])
    if args.save:
        args.save.write_text("".join(json.dumps({"id": a.query.id, "ranked": a.ranked, "confidence": a.confidence, "ms": a.ms},
                                                ensure_ascii=False) + "\n" for a in found), encoding="utf-8")
    if args.report:
        from evals.report import write
        write(args.report, args.split, found, values, rows)
        print(f"report: {args.report}")
    floors = json.loads(args.floors.read_text(encoding="utf-8")).get(args.split, {}) if args.floors.exists() else {}
    broken = floors_broken(values, floors)
    for sentence in broken:
        print(f"UNDER THE FLOOR: {sentence}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
