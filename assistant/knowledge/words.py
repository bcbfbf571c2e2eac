"""The words leg: BM25 over character unigrams and bigrams, so that two-character Chinese words are found."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
from opencc import OpenCC

_NAME = "words"
_SIMPLIFIED = OpenCC("t2s")
_SHORTHAND = ((re.compile(r"(?<=\d)\s*[wW](?![a-zA-Z])"), "万"), (re.compile(r"(?<=\d)\s*[kK](?![a-zA-Z])"), "千"))


def normalise(text: str) -> str:
    """One spelling for one thing: full-width forms folded, traditional characters simplified, lower case, 200w as 200万."""
    folded = _SIMPLIFIED.convert(unicodedata.normalize("NFKC", text))
    for pattern, plain in _SHORTHAND:
        folded = pattern.sub(plain, folded)
    return " ".join(folded.lower().split())


def grams(text: str) -> list[str]:
    """Character unigrams and bigrams of the letters, digits and Chinese characters of `text`."""
    kept = [char for char in normalise(text) if char.isalnum()]
    return kept + [a + b for a, b in zip(kept, kept[1:], strict=False)]


class Words:
    """BM25 scores of a query against every phrasing."""

    def __init__(self, bm25: bm25s.BM25) -> None:
        self._bm25 = bm25

    @classmethod
    def build(cls, phrasings: Sequence[str]) -> Words:
        # Short documents: length normalisation matters less, and a repeated character says nothing (low k1).
        bm25 = bm25s.BM25(k1=0.9, b=0.4)
        bm25.index([grams(line) for line in phrasings], show_progress=False)
        return cls(bm25)

    def save(self, folder: Path) -> None:
        self._bm25.save(str(folder / _NAME), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Words:
        return cls(bm25s.BM25.load(str(folder / _NAME), show_progress=False, verbosity=0))

    def scores(self, text: str) -> np.ndarray:
        """One score a phrasing, in the order of the build; 0 where nothing is shared."""
        tokens = grams(text)
        return self._bm25.get_scores(tokens)
