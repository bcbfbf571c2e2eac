"""Retrieval metrics over graded-by-yes-or-no answers; every query counts, no result is a 0."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def recall_at(ranked: Sequence[str], gold: Sequence[str], k: int) -> float:
    """1 where one of the first k cards is right, else 0 (a line has one best answer, so this is success at k)."""
    return float(any(card in gold for card in ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], gold: Sequence[str]) -> float:
    """1 / rank of the first right card, 0 where none is."""
    return next((1.0 / rank for rank, card in enumerate(ranked, 1) if card in gold), 0.0)


def ndcg_at(ranked: Sequence[str], gold: Sequence[str], k: int) -> float:
    """Normalised discounted cumulative gain with gain 1 for a right card (Järvelin & Kekäläinen 2002)."""
    gain = sum(1.0 / math.log2(rank + 1) for rank, card in enumerate(ranked[:k], 1) if card in gold)
    ideal = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(len(gold), k) + 1))
    return gain / ideal if ideal else 0.0


def interval(values: Sequence[float], seed: int = 20261124, rounds: int = 2000) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (Efron 1979)."""
    if not len(values):
        return (0.0, 0.0)
    rng = np.random.default_rng(seed)
    data = np.asarray(values, dtype=float)
    means = data[rng.integers(0, len(data), (rounds, len(data)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def paired_p(left: Sequence[float], right: Sequence[float], seed: int = 20261124, rounds: int = 10_000) -> float:
    """Two-sided p of a paired randomisation test (Fisher; Smucker et al. 2007) on the difference of means."""
    difference = np.asarray(left, dtype=float) - np.asarray(right, dtype=float)
    observed = abs(difference.mean())
    rng = np.random.default_rng(seed)
    signs = rng.choice((-1.0, 1.0), (rounds, len(difference)))
    extreme = int((np.abs((signs * difference).mean(axis=1)) >= observed - 1e-12).sum())
    return (extreme + 1) / (rounds + 1)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` percent lie; 0 where there is none."""
    return float(np.percentile(values, share)) if len(values) else 0.0


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, count) by equal-width bins that hold something: a calibrated system lies on x = y."""
    found = []
    for i in range(bins):
        low, high = i / bins, (i + 1) / bins
        inside = [n for n, c in enumerate(confidences) if low <= c < high or (i == bins - 1 and c == 1.0)]
        if inside:
            found.append((float(np.mean([confidences[n] for n in inside])),
                          float(np.mean([right[n] for n in inside])), len(inside)))
    return found


def calibration_error(curve: Sequence[tuple[float, float, int]]) -> float:
    """Expected calibration error: mean distance between confidence and share right, weighted by count."""
    total = sum(count for _, _, count in curve)
    return sum(abs(confidence - share) * count for confidence, share, count in curve) / total if total else 0.0


def mean(values: Sequence[float]) -> float:
    """Mean, 0 for no values."""
    return float(np.mean(values)) if len(values) else 0.0


Metric = Callable[[Sequence[str], Sequence[str]], float]
METRICS: dict[str, Metric] = {
    "R@1": lambda ranked, gold: recall_at(ranked, gold, 1),
    "R@3": lambda ranked, gold: recall_at(ranked, gold, 3),
    "MRR": reciprocal_rank,
    "nDCG@10": lambda ranked, gold: ndcg_at(ranked, gold, 10),
}
