"""From the three legs to a ranking of cards, and from the ranking to how sure we are. Pure numbers, no files but the head.

Legs: the nearest phrasing (cosine), words (BM25) and the head, a ridge regression over the same vectors with one class a
card (closed form; Hoerl & Kennard 1970). They are fused by a weighted sum of calibrated scores; RRF was worse than the
dense leg alone, because ranks hide how close a match is.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.domain import Grounding

CALIBRATION = Path(__file__).parent / "calibration.json"
_FILE = "head.npy"


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

    nearest: float = 10.0
    words: float = 2.0
    head: float = 8.0
    bias: float = -9.0
    signals: tuple[float, ...] = (3.0, 0.0, -6.0, 8.0, 0.5, 6.0)
    strong: float = 0.55
    weak: float = 0.35
    typed_strong: float = 0.85
    typed_weak: float = 0.45

    @classmethod
    def load(cls, path: Path = CALIBRATION) -> Calibration:
        """The fitted calibration that ships beside this module."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def best_of(scores: np.ndarray, rows: np.ndarray, owner: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each card's best score among its phrasings and the row that gave it (-1 where none is present)."""
    best = np.full(classes, -np.inf, dtype=np.float32)
    where = np.full(classes, -1, dtype=np.int64)
    for score, row in zip(scores, rows, strict=True):
        card = owner[row]
        if score > best[card]:
            best[card], where[card] = score, row
    return best, where


def ground(confidence: float, calibration: Calibration) -> Grounding:
    """How far a ranking of that confidence may be told."""
    if confidence >= calibration.strong:
        return Grounding.STRONG
    return Grounding.WEAK if confidence >= calibration.weak else Grounding.NONE


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


def confidence(shares: np.ndarray, off: np.ndarray, nearest: np.ndarray, words: np.ndarray, head: np.ndarray,
               calibration: Calibration) -> float:
    """Probability, 0..1, that the line is ours and the best card is right: logistic in the signals."""
    z = calibration.bias + float(np.dot(calibration.signals, signals(shares, off, nearest, words, head)))
    return float(1 / (1 + np.exp(-z)))
