"""Thumb-speed input: pinyin initials (tgl) and full pinyin (taiguile).

The sounds of all phrasings are written once, when the index is built, so that answering needs no pinyin library.
"""
from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FILE = "sounds.json"
_LATIN = re.compile(r"[a-z]+")
_MIN_LATIN = 2
# Latin words that agents type as words, not as pinyin.
_WORDS = frozenset(["app", "etc", "vin", "suv", "mpv", "ncd", "vip", "ok", "gps", "pdf", "byd", "bmw", "nev", "ai", "id", "wx", "qq", "adas", "hello", "hi", "yes", "no", "pos", "cpu"])


def _spell(text: str) -> list[str]:
    """Toneless syllables of the Chinese characters, in their readings in context; Latin and digits as they are."""
    from pypinyin import Style, lazy_pinyin

    parts = lazy_pinyin(text, style=Style.NORMAL, v_to_u=False, errors=lambda rest: list(rest))
    return [part for part in parts if part.isascii() and part.isalnum()]


def is_typed(text: str) -> bool:
    """Whether a normalised line may be pinyin: Latin letters with no Chinese among them (brand words and English
    between Chinese characters are words like any other)."""
    if any("\u4e00" <= char <= "\u9fff" for char in text):
        return False
    runs = [run for run in _LATIN.findall(text) if run not in _WORDS]
    return sum(len(run) for run in runs) >= _MIN_LATIN


@dataclass(frozen=True, slots=True)
class Sounds:
    """For every phrasing its initials and its full sound."""

    initials: tuple[str, ...]
    full: tuple[str, ...]

    @classmethod
    def build(cls, phrasings: Sequence[str]) -> Sounds:
        spelled = [_spell(line) for line in phrasings]
        return cls(tuple("".join(part[0] for part in parts) for parts in spelled),
                   tuple("".join(parts) for parts in spelled))

    def save(self, folder: Path) -> None:
        content = {"initials": self.initials, "full": self.full}
        (folder / _FILE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Sounds:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(tuple(content["initials"]), tuple(content["full"]))

    def scores(self, text: str, starts: np.ndarray) -> np.ndarray:
        """How well typed pinyin fits each card, 0..1: the share of a phrasing's sound that was typed, its best phrasing;
        `starts` are the first rows of the cards. Initials count for typed runs that are no full syllables."""
        typed = "".join(_LATIN.findall(text))
        best = np.zeros(len(self.full), dtype=np.float32)
        for row, (initials, full) in enumerate(zip(self.initials, self.full, strict=True)):
            if typed in full:
                best[row] = len(typed) / len(full)
            elif typed in initials:
                best[row] = len(typed) / len(initials) * (1.0 if len(typed) > 2 else 0.8)
        # Many phrasings with that sound make a card likelier than one; the tail is too small to outweigh a better fit.
        counts = np.add.reduceat(best > 0, starts)
        return np.maximum.reduceat(best, starts) + 0.02 * np.log1p(counts)
