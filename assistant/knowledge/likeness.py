"""The guard's second layer: how much a line is like labelled agent lines that break a rule.

Two parts that err differently, whose log-odds are added up with fitted weights: an encoder of its own with one output a
rule (judge/model.onnx), and a logistic regression over character 1- to 4-grams. Made by training/train_guard.py, fitted
together by evals/guard.py. Deterministic, offline, a few milliseconds a line.
"""
from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant import guard
from assistant.domain import RedLine
from assistant.guard import Break, Likely, Limits
from assistant.knowledge.embed import OnnxModel
from assistant.knowledge.words import normalise

ANY = "any"
FOLDER = Path(__file__).parent / "judge"
_GRAM = 4
_BETWEEN = re.compile(r"(?<=[\u4e00-\u9fff])[\s.·*_\-]+(?=[\u4e00-\u9fff])")


def fold(text: str) -> str:
    """A line as the layer reads it: normalised, and 返 现 or 返-现 as 返现."""
    return _BETWEEN.sub("", normalise(text))


@dataclass(frozen=True, slots=True)
class Grams:
    """Weights of character n-grams: one row a token (its idf apart), the last row the constants; one column an output."""

    rows: dict[str, int]
    idf: np.ndarray
    weights: np.ndarray

    @classmethod
    def load(cls, folder: Path) -> Grams:
        tokens = json.loads((folder / "grams.json").read_text(encoding="utf-8"))
        with np.load(folder / "grams.npz") as arrays:
            return cls({token: row for row, token in enumerate(tokens)}, arrays["idf"], arrays["weights"].astype(np.float32))

    def logits(self, text: str) -> np.ndarray:
        """Log-odds, one an output. Counts enter as 1 + ln(count), times idf, divided by their length (as when fitted)."""
        counts = Counter(self.rows[gram] for size in range(1, _GRAM + 1) for start in range(len(text) - size + 1)
                         if (gram := text[start:start + size]) in self.rows)
        if not counts:
            return self.weights[-1]
        rows = np.fromiter(counts, dtype=np.int64)
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self.idf[rows]
        return (values / np.linalg.norm(values)) @ self.weights[rows] + self.weights[-1]


@dataclass(frozen=True, slots=True)
class Weights:
    """How the parts add up to log-odds (`any` from the net's own output and its strongest rule, and the n-grams'), and
    from where the layer speaks; fitted by evals/guard.py."""

    net: float = 0.7
    top: float = 0.3
    grams: float = 0.5
    bias: float = 0.0
    rule_net: float = 1.0
    rule_grams: float = 0.5
    alone: float = 0.5
    hint: float = 0.2

    @classmethod
    def load(cls, folder: Path) -> Weights:
        return cls(**json.loads((folder / "fusion.json").read_text(encoding="utf-8")))


def _sigmoid(value):
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))


class Judge:
    """Call it with a line: probabilities that the line breaks any rule, and each."""

    def __init__(self, folder: Path = FOLDER, weights: Weights | None = None) -> None:
        self._model = OnnxModel(folder)
        self._grams = Grams.load(folder)
        self.outputs = json.loads((folder / "made.json").read_text(encoding="utf-8"))["outputs"]
        self.weights = weights or Weights.load(folder)
        self.name = f"judge-{self._model.hash}"

    @property
    def limits(self) -> Limits:
        """From where this layer speaks."""
        return Limits(self.weights.alone, self.weights.hint)

    def parts(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Log-odds of both parts, one an output: rules, then `any`."""
        folded = fold(text)
        return self._model.row(folded), self._grams.logits(folded)

    def __call__(self, text: str) -> Likely:
        net, grams = self.parts(text)
        fused = self.weights
        total = fused.net * net[-1] + fused.top * float(net[:-1].max()) + fused.grams * grams[-1] + fused.bias
        rules = _sigmoid(fused.rule_net * net[:-1] + fused.rule_grams * grams[:-1])
        return Likely(float(_sigmoid(total)), dict(zip(self.outputs[:-1], rules.tolist(), strict=True)))


def guard_over(redlines: Mapping[str, RedLine], folder: Path = FOLDER) -> Callable[[str], tuple[Break, ...]]:
    """The guard with both layers over these red lines; the second one is opened when first asked (0.2 s)."""
    opened = functools.lru_cache(maxsize=1)(lambda: Judge(folder))

    def may_say(text: str) -> tuple[Break, ...]:
        judge = opened()
        return guard.check(text, redlines, judge, judge.limits)

    return may_say
