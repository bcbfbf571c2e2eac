"""Fits the weights of the legs and the grounding on the dev lines and writes them to assistant/knowledge/calibration.json.

    python -m evals.calibrate

Two small convex fits: a softmax over cards (how much each leg counts) and a logistic regression (is the line ours, and
is the best card right). The limits then decline as much off-topic as they can while losing at most MAX_LOST of our own lines.
Only dev is read; test is never opened here.
"""
from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from assistant.knowledge import rank
from assistant.knowledge.search import Legs, Searcher
from assistant.knowledge.typed import is_typed
from assistant.knowledge.words import grams, normalise
from evals.data import Query, load

MAX_LOST = 0.0295  # share of in-scope dev lines that the limits may decline: all that the bar of .03 allows
_RIDGE = 1e-3


def legs_of(searcher: Searcher, queries: Sequence[Query]) -> list[Legs]:
    """The legs of every query, as the product computes them."""
    texts = [normalise(query.q) for query in queries]
    return [searcher.legs(searcher.embedder.encode([text])[0], text) for text in texts]


def _gold(searcher: Searcher, query: Query) -> list[int]:
    """The classes that are right: the gold cards, or every off-topic one."""
    if query.gold:
        return [searcher.index.cards.index(card) for card in query.gold]
    return np.flatnonzero(searcher.off).tolist()


def fit_legs(searcher: Searcher, queries: Sequence[Query], legs: Sequence[Legs]) -> np.ndarray:
    """Weights of nearest, words and head: the maximum likelihood of the right classes under the softmax."""
    stacked = np.stack([np.stack([leg.nearest, leg.words, leg.head]) for leg in legs]).astype(np.float64)
    right = np.zeros((len(queries), stacked.shape[2]))
    for i, query in enumerate(queries):
        right[i, _gold(searcher, query)] = 1.0

    def loss(weights: np.ndarray) -> float:
        logits = np.einsum("k,nkc->nc", weights, stacked)
        logits -= logits.max(axis=1, keepdims=True)
        likely = np.exp(logits)
        return float(-np.log((likely * right).sum(1) / likely.sum(1) + 1e-12).mean() + _RIDGE * np.square(weights / 10).sum())

    best = minimize(loss, np.array([10.0, 2.0, 8.0]), method="Nelder-Mead", options={"maxiter": 800, "xatol": 1e-3})
    return best.x


def fit_confidence(features: np.ndarray, good: np.ndarray) -> tuple[float, np.ndarray]:
    """Bias and weights of the logistic regression on the raw signals (fitted on standardised ones)."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    x = np.hstack([(features - mean) / scale, np.ones((len(features), 1))])

    def loss(weights: np.ndarray) -> float:
        z = x @ weights
        return float(np.logaddexp(0, np.where(good, -z, z)).mean() + 1e-3 * np.square(weights[:-1]).sum())

    weights = minimize(loss, np.zeros(x.shape[1]), method="L-BFGS-B").x
    return float(weights[-1] - (weights[:-1] * mean / scale).sum()), weights[:-1] / scale


def calibrate(searcher: Searcher, queries: Sequence[Query]) -> rank.Calibration:
    """The calibration fitted on these queries."""
    queries = [query for query in queries if grams(normalise(query.q)) and not is_typed(normalise(query.q))]
    legs = legs_of(searcher, queries)
    weights = fit_legs(searcher, queries, legs)
    fitted = rank.Calibration(nearest=float(weights[0]), words=float(weights[1]), head=float(weights[2]))
    rows, good, ours = [], [], []
    for query, leg in zip(queries, legs, strict=True):
        shares = rank.fuse(leg.nearest, leg.words, leg.head, fitted)
        rows.append(rank.signals(shares, searcher.off, leg.nearest, leg.words, leg.head))
        best = int(np.argmax(np.where(searcher.off, -1.0, shares)))
        good.append(searcher.index.cards[best] in query.gold)
        ours.append(bool(query.gold))
    features, good_, ours_ = np.stack(rows), np.array(good), np.array(ours)
    bias, signals = fit_confidence(features, good_)
    confidences = 1 / (1 + np.exp(-(features @ signals + bias)))
    weak = float(np.quantile(confidences[ours_], MAX_LOST))
    return dataclasses.replace(fitted, bias=bias, signals=tuple(float(value) for value in signals), weak=weak,
                               strong=max(0.6, weak))


def main() -> None:
    from evals.run import opened

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=rank.CALIBRATION)
    args = parser.parse_args()
    with opened() as (searcher, _):
        found = calibrate(searcher, load("dev"))
    values = {key: [round(v, 4) for v in value] if isinstance(value, tuple) else round(value, 4)
              for key, value in dataclasses.asdict(found).items()}
    args.target.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    print(values)


if __name__ == "__main__":
    main()
