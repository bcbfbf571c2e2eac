"""One heard line -> the cards that fit it, best first, and how sure we are."""
from __future__ import annotations

import functools
import time
from dataclasses import dataclass

import numpy as np

from assistant.domain import Found, Grounding, Hit
from assistant.knowledge import rank
from assistant.knowledge.embed import Embedder
from assistant.knowledge.index import OFF, Index
from assistant.knowledge.typed import is_typed
from assistant.knowledge.words import grams, normalise

NEAREST = 100  # phrasings asked of the vector index and given a vote
MAX_HEARD = 200  # characters of a heard line that are searched; the rest is chatter
HITS = 10
EXACT = 0.98  # share and confidence of a card in which the line stands word for word: whoever writes it there means it
_ENDS = " ，。！？；、,.!?;~…"


@dataclass(frozen=True, slots=True)
class Legs:
    """The legs' scores, one a card (see rank): kernel vote, words (BM25 a token), head; each card's nearest row and
    its cosine."""

    nearest: np.ndarray
    words: np.ndarray
    head: np.ndarray
    row: np.ndarray
    similarity: np.ndarray


class Searcher:
    """The search over one index with its encoder."""

    def __init__(self, index: Index, embedder: Embedder, calibration: rank.Calibration | None = None) -> None:
        self.index, self.embedder = index, embedder
        self.calibration = calibration or rank.Calibration.load()
        if np.any(np.diff(index.owner) < 0):
            raise AssertionError("an index keeps the phrasings of a card together")
        self.starts = np.flatnonzero(np.diff(index.owner, prepend=-1))
        self.off = np.array([card.startswith(OFF) for card in index.cards])

    @functools.cached_property
    def exact(self) -> dict[str, int]:
        """The class of every indexed text."""
        return dict(zip((text.strip(_ENDS) for text in self.index.texts), self.index.owner.tolist(), strict=True))

    def legs(self, vector: np.ndarray, text: str) -> Legs:
        """The three legs for a normalised line and its vector."""
        rows, similarities = self.index.nearest(vector, NEAREST)
        owner, classes = self.index.owner, len(self.index.cards)
        words = rank.mean_of_best(self.index.words.scores(text), owner, classes) / len(grams(text))
        return Legs(rank.kernel_vote(similarities, rows, owner, classes), words, self.index.head.scores(vector),
                    *rank.best_rows(similarities, rows, owner, classes))

    def _typed(self, text: str, started: float) -> Found:
        """Pinyin says nothing to the encoder: it is looked up by sound alone, and trusted by how much of a line it is."""
        scores = np.where(self.off, 0.0, self.index.sounds.scores(text, self.starts))
        order = np.argsort(-scores)[:HITS]
        hits = tuple(Hit(self.index.cards[i], float(scores[i]), 0.0, "") for i in order if scores[i] > 0)
        best, limits = float(scores[order[0]]), self.calibration
        grounding = (Grounding.STRONG if best >= limits.typed_strong else
                     Grounding.WEAK if best >= limits.typed_weak else Grounding.NONE)
        return Found(hits, min(1.0, best), grounding, 0.0, (time.perf_counter() - started) * 1000)

    def __call__(self, heard: str) -> Found:
        """Searches the first 200 characters of a heard line."""
        text = normalise(heard)[:MAX_HEARD]
        if not grams(text):
            return Found((), 0.0, Grounding.NONE)
        started = time.perf_counter()
        if is_typed(text):
            typed = self._typed(text, started)
            if typed.grounding is not Grounding.NONE:
                return typed
        vector = self.embedder.encode([text])[0]
        embedded = time.perf_counter()
        legs = self.legs(vector, text)
        shares = rank.fuse(legs.nearest, legs.words, legs.head, self.calibration)
        known = self.exact.get(text.strip(_ENDS))
        if known is not None:
            shares = shares * (1 - EXACT)
            shares[known] += EXACT
        ours = np.where(self.off, -1.0, shares)
        order = np.argsort(-ours)[:HITS]
        order = order[ours[order] >= 0]
        confidence = rank.confidence(rank.signals(shares, self.off, legs.nearest, legs.words, legs.head), self.calibration)
        if known is not None and not self.off[known]:
            confidence = max(confidence, EXACT)
        grounding = rank.ground(confidence, self.calibration)
        hits = tuple(Hit(self.index.cards[i], float(shares[i]), float(legs.similarity[i]),
                         self.index.texts[legs.row[i]] if legs.row[i] >= 0 else "") for i in order)
        best = int(np.argmax(shares))
        decline = self.index.cards[best].removeprefix(OFF) if grounding is Grounding.NONE and self.off[best] else ""
        return Found(hits, confidence, grounding, (embedded - started) * 1000,
                     (time.perf_counter() - embedded) * 1000, decline)
