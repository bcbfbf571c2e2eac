"""The words leg: BM25 over character unigrams and bigrams, so that two-character Chinese words are found."""
from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from opencc import OpenCC

_COLUMNS, _TOKENS = "words.npz", "words.json"
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


@dataclass(frozen=True, slots=True)
class Words:
    """BM25 weights, one column a token: of token t the rows `rows[starts[t]:starts[t + 1]]` and their weights.

    bm25s weighs; answering only adds up columns, so it needs neither bm25s nor its scipy (0.27 s of a cold start).
    """

    weights: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    tokens: Mapping[str, int]
    count: int

    @classmethod
    def build(cls, phrasings: Sequence[str]) -> Words:
        import bm25s

        # Short documents: length normalisation matters less, and a repeated character says nothing (low k1).
        bm25 = bm25s.BM25(k1=0.9, b=0.4)
        bm25.index([grams(line) for line in phrasings], show_progress=False)
        columns = bm25.scores
        tokens = {token: column for token, column in bm25.vocab_dict.items() if token}
        return cls(columns["data"], columns["indices"], columns["indptr"], tokens, len(phrasings))

    def save(self, folder: Path) -> None:
        np.savez(folder / _COLUMNS, weights=self.weights, rows=self.rows, starts=self.starts, count=self.count)
        (folder / _TOKENS).write_text(json.dumps(self.tokens, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Words:
        tokens = json.loads((folder / _TOKENS).read_text(encoding="utf-8"))
        with np.load(folder / _COLUMNS) as columns:
            return cls(columns["weights"], columns["rows"], columns["starts"], tokens, int(columns["count"]))

    def scores(self, text: str) -> np.ndarray:
        """One score a phrasing, in the order of the build; 0 where nothing is shared."""
        total = np.zeros(self.count, dtype=np.float32)
        for token in grams(text):
            column = self.tokens.get(token)
            if column is not None:
                part = slice(self.starts[column], self.starts[column + 1])
                total[self.rows[part]] += self.weights[part]  # a token weighs a phrasing once: no row comes twice
        return total
