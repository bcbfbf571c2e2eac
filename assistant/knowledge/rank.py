"""From the three legs to a ranking of cards, and from the ranking to how sure we are. Pure numbers, no files but the head.

Legs, each one score a card:

* nearest: a kernel vote of the nearest phrasings, log-sum-exp of their cosines (a soft "how many of my lines say this,
  and how closely"; the single nearest line was .08 worse at first place on dev);
* words: the mean BM25 of the card's four best phrasings (the single best was .11 worse);
* head: a ridge regression over the same vectors with one class a card (closed form; Hoerl & Kennard 1970).

They are fused by a weighted sum and a softmax; RRF loses to that, because ranks hide how close a match is.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.domain import Grounding

CALIBRATION = Path(__file__).parent / "calibration.json"
_FILE = "head.npy"
_DEPTH = 1500  # phrasings that the words leg looks at; a common character alone matches nearly all of them
_EMPTY = 1e-6  # the kernel's weight of a card of which no phrasing is near


@dataclass(frozen=True, slots=True)
class Head:
    """One column of weights a card, over a vector and a constant."""

    weights: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, owner: np.ndarray, classes: int, alpha: float = 1.0) -> Head:
        """Solves (X'X + alpha I) W = X'Y. `vectors` (n, d) of length 1, `owner` (n,) class numbers."""
        x = np.hstack([vectors, np.ones((len(vectors), 1), dtype=np.float32)]).astype(np.float64)
        y = np.zeros((len(owner), classes))
        y[np.arange(len(owner)), owner] = 1.0
        return cls(np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ y).astype(np.float32))

    def save(self, folder: Path) -> None:
        np.save(folder / _FILE, self.weights)

    @classmethod
    def load(cls, folder: Path) -> Head:
        return cls(np.load(folder / _FILE))

    def scores(self, vector: np.ndarray) -> np.ndarray:
        """One score a card, about 1 for its own lines and 0 for others'."""
        return vector @ self.weights[:-1] + self.weights[-1]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the legs and the limits of the grounding; `load` reads the fitted ones (evals/calibrate.py, dev only)."""

    nearest: float = 8.0
    words: float = 7.0
    head: float = 25.0
    bias: float = -4.0
    signals: tuple[float, ...] = (6.0, 0.0, -4.0, 1.0, 1.0, 1.0)
    strong: float = 0.6
    weak: float = 0.35
    typed_strong: float = 0.85
    typed_weak: float = 0.45

    @classmethod
    def load(cls, path: Path = CALIBRATION) -> Calibration:
        """The fitted calibration that ships beside this module."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def kernel_vote(similarities: np.ndarray, rows: np.ndarray, owner: np.ndarray, classes: int,
                sharpness: float = 20.0) -> np.ndarray:
    """One score a card: log-sum-exp of the cosines of its phrasings among the nearest, about 0 for a perfect match."""
    votes = np.full(classes, _EMPTY)
    np.add.at(votes, owner[rows], np.exp(sharpness * (similarities - 1.0)))
    return np.log(votes) / sharpness


def best_rows(similarities: np.ndarray, rows: np.ndarray, owner: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each card's nearest row (-1 where none is near) and its cosine (0)."""
    row, similarity = np.full(classes, -1, dtype=np.int64), np.zeros(classes, dtype=np.float32)
    backwards = np.arange(len(rows))[::-1]  # the nearest comes first and must win
    row[owner[rows[backwards]]] = rows[backwards]
    similarity[owner[rows[backwards]]] = similarities[backwards]
    return row, similarity


def mean_of_best(scores: np.ndarray, owner: np.ndarray, classes: int, count: int = 4) -> np.ndarray:
    """One score a card: the mean of its `count` best phrasings among the `_DEPTH` best of all, a missing one counting 0."""
    rows = np.argpartition(scores, -_DEPTH)[-_DEPTH:] if len(scores) > _DEPTH else np.arange(len(scores))
    rows = rows[scores[rows] > 0]
    rows = rows[np.lexsort((-scores[rows], owner[rows]))]
    cards = owner[rows]
    place = np.arange(len(rows)) - np.searchsorted(cards, cards)  # 0 for a card's best phrasing, 1 for the next, ...
    best = rows[place < count]
    return np.bincount(owner[best], weights=scores[best], minlength=classes) / count


def fuse(nearest: np.ndarray, words: np.ndarray, head: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Shares of belief, one a card, that add up to 1: softmax of the weighted sum of the legs."""
    logits = calibration.nearest * nearest + calibration.words * words + calibration.head * head
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def signals(shares: np.ndarray, off: np.ndarray, nearest: np.ndarray, words: np.ndarray, head: np.ndarray) -> np.ndarray:
    """What the confidence rests on: of the best card of ours its share, its margin, its legs; and the off-topic share."""
    ours = np.where(off, -np.inf, shares)
    best = int(np.argmax(ours))
    second = np.partition(ours, -2)[-2] if len(ours) > 1 else 0.0
    return np.array([shares[best], shares[best] - max(float(second), 0.0), float(shares[off].sum()),
                     nearest[best], words[best], head[best]], dtype=np.float64)


def confidence(found: np.ndarray, calibration: Calibration) -> float:
    """Probability, 0..1, that the line is ours and the best card is right: logistic in the signals."""
    return float(1 / (1 + np.exp(-(calibration.bias + float(np.dot(calibration.signals, found))))))


def ground(confidence: float, calibration: Calibration) -> Grounding:
    """How far a ranking of that confidence may be told."""
    if confidence >= calibration.strong:
        return Grounding.STRONG
    return Grounding.WEAK if confidence >= calibration.weak else Grounding.NONE
