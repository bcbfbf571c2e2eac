"""Dictation slips: characters replaced by others of the same sound, as an input method or a microphone does it."""
from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping


def homophones(lines: Iterable[str]) -> Mapping[str, str]:
    """Character -> other characters of the same toneless sound that occur in `lines`, and so are common ones."""
    from pypinyin import Style, lazy_pinyin

    by_sound: dict[str, set[str]] = defaultdict(set)
    for char in {char for line in lines for char in line if "一" <= char <= "龥"}:
        by_sound[lazy_pinyin(char, style=Style.NORMAL)[0]].add(char)
    return {char: "".join(sorted(group - {char})) for group in by_sound.values() for char in group if len(group) > 1}


def slip(line: str, table: Mapping[str, str], rng: random.Random, share: float = 0.12) -> str:
    """`line` with about `share` of its characters replaced by homophones."""
    return "".join(rng.choice(table[char]) if char in table and rng.random() < share else char for char in line)
