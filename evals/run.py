"""Runs the evals: how often the right card comes first, how well off-topic is declined, how long it takes.

    python -m evals.run [--split dev|test] [--baselines] [--report FILE]

Deterministic, without a model service and without a network. Falls with status 1 under a floor of baseline.json.
"""
from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant import asking, coach
from assistant.domain import Corpus, Grounding
from evals import metrics
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


def product(searcher, corpus: Corpus, today) -> System:
    """The assistant itself, as `coach ask` answers."""
    def ask(line: str) -> tuple[Sequence[str], float]:
        whole, parts = asking.look_up(line, searcher)
        chosen = coach.choose(whole, parts, corpus)
        ranked = dict.fromkeys([*chosen, *[hit.card_id for hit in whole.hits]]) if chosen else ()
        return tuple(ranked), whole.confidence
    return ask
