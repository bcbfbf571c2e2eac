"""Runs the evals of the guard: how many breaking agent lines it catches, how many clean ones it blocks, how long it takes.

    python -m evals.guard [--split dev|blind|blind2|blind3|blind4|test] [--hardest 20] [--fit]

`--fit` fits how the second layer's parts add up, on dev and the first three blind sets, and from where they speak, on blind2 and blind3, and
writes fusion.json: those two were written by strangers who had seen no other line, and no training line was written with them
in mind. Test and blind4 are fitted on by nothing; test is looked at once a change.
Recall is over lines that break a rule (caught: any break named), false alarms over clean ones; per rule: caught at all,
and the rule itself among those named. Falls with status 1 under a floor of baseline.json ("guard_<split>").
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from assistant import guard
from assistant.domain import RedLine
from assistant.knowledge.likeness import FOLDER, Judge, Weights
from evals import metrics
from evals.run import FLOORS, floors_broken

DATASETS = Path(__file__).parent / "datasets"
CORPUS = Path(__file__).parent.parent / "corpus"
WEIGHED, LIMITED = ("dev", "blind", "blind2", "blind3"), ("blind2", "blind3")  # what the weights and the limits are fitted on
FALSE_ALARMS = 0.015  # share of clean lines that the fitted limits may block: half the bar, since unseen lines ring twice as often


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled agent line; no breaks: it may be said."""

    id: str
    text: str
    breaks: tuple[str, ...]
    kind: str
    voice: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, what the guard found, and the milliseconds it took."""

    line: Line
    found: tuple[guard.Break, ...]
    ms: float

    @property
    def right(self) -> bool:
        """Whether breaking and clean are told apart."""
        return bool(self.found) == bool(self.line.breaks)


def load(split: str) -> list[Line]:
    """The lines of a split."""
    entries = (json.loads(text) for text in (DATASETS / f"guard_{split}.jsonl").read_text("utf-8").splitlines())
    return [Line(entry["id"], entry["text"], tuple(entry["breaks"]), entry["kind"], entry["voice"]) for entry in entries]


def redlines() -> dict[str, RedLine]:
    """The red lines that ship."""
    from assistant.knowledge.read import read_corpus

    return dict(read_corpus(CORPUS).corpus.redlines)


def judged(lines: Sequence[Line], rules: dict[str, RedLine], judge: Judge) -> list[Judged]:
    """Checks every line, one after the other."""
    found = []
    for line in lines:
        started = time.perf_counter()
        answer = guard.check(line.text, rules, judge, judge.limits)
        found.append(Judged(line, answer, (time.perf_counter() - started) * 1000))
    return found


def summary(found: Sequence[Judged]) -> dict[str, float]:
    """The figures that the floors name."""
    breaking = [one for one in found if one.line.breaks]
    clean = [one for one in found if not one.line.breaks]
    named = [bool({broken.rule for broken in one.found} & set(one.line.breaks)) for one in breaking]
    return {"recall": metrics.mean([bool(one.found) for one in breaking]), "rule_named": metrics.mean(named),
            "false_alarms": metrics.mean([bool(one.found) for one in clean]),
            "p50_ms": metrics.percentile([one.ms for one in found], 50),
            "p95_ms": metrics.percentile([one.ms for one in found], 95)}


def by(found: Sequence[Judged], key) -> list[tuple[str, int, float]]:
    """(group, lines, share told apart rightly); a line may belong to several groups."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for one in found:
        for name in key(one.line):
            groups[name].append(one.right)
    return [(name, len(values), metrics.mean(values)) for name, values in sorted(groups.items())]


def fit(lines: Sequence[Line], limited: Sequence[bool], rules: dict[str, RedLine], judge: Judge) -> Weights:
    """Weights of the parts (logistic regression with a little shrinkage), then, on the lines that are `limited`, the pair of
    limits that catches most while blocking at most FALSE_ALARMS of the clean ones. A known pattern or hint is a part of its
    own while fitting."""
    parts = [judge.parts(line.text) for line in lines]
    bad, asked = np.array([bool(line.breaks) for line in lines]), np.array(limited)
    hinted = np.array([any(guard.hinted(line.text, rule) for rule in rules.values()) for line in lines], dtype=float)
    sure = np.array([any(guard.patterned(line.text, rule) for rule in rules.values()) for line in lines])
    x = np.array([[net[-1], net[:-1].max(), grams[-1]] for net, grams in parts])

    def loss(values: np.ndarray) -> float:
        z = x @ values[:3] + values[3] + values[4] * hinted
        return float(np.logaddexp(0, np.where(bad, -z, z)).mean() + 1e-3 * np.square(values[:3]).sum())

    net, top, grams, bias, _ = minimize(loss, np.array([0.5, 0.3, 0.5, 0.0, 0.0]), method="L-BFGS-B",
                                        bounds=[(0, None)] * 3 + [(None, None)] * 2).x
    likely = 1 / (1 + np.exp(-(x @ np.array([net, top, grams]) + bias)))
    best = (-1.0, 0.5, 0.5)
    grid = np.unique(np.quantile(likely[asked], np.linspace(0, 1, 400)))
    for alone in grid:
        for hint in grid[grid <= alone][::4]:
            told = sure | (likely >= alone) | ((hinted > 0) & (likely >= hint))
            if told[~bad & asked].mean() <= FALSE_ALARMS and told[bad & asked].mean() > best[0]:
                best = (float(told[bad & asked].mean()), float(alone), float(hint))
    return Weights(net=float(net), top=float(top), grams=float(grams), bias=float(bias), alone=best[1], hint=best[2])


def _print(found: Sequence[Judged], hardest: int) -> None:
    values = summary(found)
    breaking = sum(1 for one in found if one.line.breaks)
    print(f"{len(found)} lines, {breaking} breaking: " + ", ".join(f"{name} {value:.3f}" for name, value in values.items()))
    layers = [broken.layer for one in found if one.line.breaks and one.found for broken in one.found[:1]]
    print(f"caught by rules {layers.count(guard.RULES)}, by likeness alone {layers.count(guard.LIKENESS)}")
    for title, rows in (("rule (lines that break it: caught)", by([one for one in found if one.line.breaks], lambda line: line.breaks)),
                        ("kind (told apart)", by(found, lambda line: (line.kind,))),
                        ("voice (told apart)", by(found, lambda line: (line.voice,)))):
        print(title)
        for name, count, share in rows:
            print(f"  {name:24s} {count:5d}  {share:.3f}")
    wrong = [one for one in found if not one.right]
    print(f"wrong: {len(wrong)}; {min(hardest, len(wrong))} of them:")
    for one in wrong[:hardest]:
        verdict = "、".join(f"{broken.rule}（{broken.quote}，{broken.layer}）" for broken in one.found) or "可以说"
        print(f"  {'/'.join(one.line.breaks) or 'clean':12s} {one.line.kind:9s} {one.line.text} -> {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.guard", description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=(*WEIGHED, "blind4", "test"), default="dev")
    parser.add_argument("--hardest", type=int, default=20)
    parser.add_argument("--fit", action="store_true", help="fit the second layer's weights and limits and keep them")
    args = parser.parse_args()
    rules = redlines()
    if args.fit:
        lines = [(line, split in LIMITED) for split in WEIGHED for line in load(split)]
        fitted = fit([line for line, _ in lines], [asked for _, asked in lines], rules, Judge(weights=Weights()))
        values = {name: round(value, 4) for name, value in dataclasses.asdict(fitted).items()}
        (FOLDER / "fusion.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        print(values)
    judge = Judge()
    judge("您好")
    found = judged(load(args.split), rules, judge)
    _print(found, args.hardest)
    floors = json.loads(FLOORS.read_text("utf-8")).get(f"guard_{args.split}", {})
    broken = floors_broken(summary(found), floors)
    for sentence in broken:
        print(f"UNDER THE FLOOR: {sentence}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
