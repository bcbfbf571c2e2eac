"""Thumb-speed input: pinyin initials (tgl), full pinyin (taiguile), and slips of the same sound (交墙险).

The sounds of all phrasings are written once, when the index is built, so that answering needs no pinyin library;
a heard line's own sounds come from the same table of characters.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FILE = "sounds.json"
_LATIN = re.compile(r"[a-z]+")
_MIN_LATIN = 2
# Latin words that agents type as words, not as pinyin.
_WORDS = frozenset("app etc vin suv mpv ncd vip ok gps pdf byd bmw nev ai id wx qq adas hello hi yes no pos cpu".split())


def _table() -> dict[str, str]:
    """Every common Chinese character's toneless pinyin (its most frequent reading)."""
    from pypinyin import Style, lazy_pinyin

    chars = [chr(code) for code in range(0x4E00, 0x9FA6)]
    return {char: sound for char in chars if (sound := lazy_pinyin(char, style=Style.NORMAL)[0]).isascii() and sound.isalpha()}


def is_typed(text: str) -> bool:
    """Whether a normalised line is pinyin rather than Chinese or English words."""
    kept = [char for char in text if char.isalnum()]
    runs = [run for run in _LATIN.findall(text) if run not in _WORDS]
    letters = sum(len(run) for run in runs)
    return letters >= _MIN_LATIN and letters >= 0.7 * len(kept)


@dataclass(frozen=True, slots=True)
class Sounds:
    """For every phrasing its initials and its full sound, and the table that gives them for any text."""

    initials: tuple[str, ...]
    full: tuple[str, ...]
    table: Mapping[str, str]

    @classmethod
    def build(cls, phrasings: Sequence[str]) -> Sounds:
        table = _table()
        spelled = [cls._spell(line, table) for line in phrasings]
        return cls(tuple("".join(part[0] for part in parts) for parts in spelled),
                   tuple("".join(parts) for parts in spelled), table)

    @staticmethod
    def _spell(text: str, table: Mapping[str, str]) -> list[str]:
        """Syllables of the Chinese characters and the Latin and digit characters as they are."""
        return [table.get(char, char) for char in text if char in table or char.isascii() and char.isalnum()]

    def save(self, folder: Path) -> None:
        content = {"initials": self.initials, "full": self.full, "table": self.table}
        (folder / _FILE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Sounds:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(tuple(content["initials"]), tuple(content["full"]), content["table"])

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
