"""The labelled lines that the guard's second layer learns from.

Training lines: `training/guard/*.jsonl`, every card's say-lines and questions (clean) and its never-lines where they name a red
line (breaking), and a quarter of the off-topic lines (clean).
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant import coach
from assistant.knowledge.likeness import fold
from assistant.knowledge.read import read_corpus

HARMLESS = ("smalltalk", "work", "vehicle", "traffic", "logistics", "other_insurance", "finance")


@dataclass(frozen=True, slots=True)
class Labelled:
    """An agent line and the rules it breaks; none: it may be said."""

    text: str
    breaks: tuple[str, ...]


def read_lines(path: Path) -> list[Labelled]:
    """The labelled lines of a .jsonl file."""
    entries = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [Labelled(entry["text"], tuple(entry["breaks"])) for entry in entries]


def lines_of(folder: Path, corpus_folder: Path) -> list[Labelled]:
    """Every training line, folded: the labelled files, and what the cards themselves say and forbid."""
    corpus = read_corpus(corpus_folder).corpus
    found = [line for path in sorted(folder.glob("*.jsonl")) for line in read_lines(path)]
    for card in corpus.cards.values():
        found += [Labelled(line, ()) for line in (*card.say, card.ask)]
        found += [Labelled(never.line, (never.basis,)) for never in card.never if never.basis in corpus.redlines]
    found += [Labelled(rule.rewrite, ()) for rule in corpus.redlines.values()]
    found += [Labelled(line, ()) for exits in coach.EXITS.values() for pair in exits for line in pair]
    found += [Labelled(line, ()) for line in coach.DECLINES.values()]
    for kind in HARMLESS:  # talk that has nothing to do with insurance is clean, too
        found += [Labelled(line, ()) for line in corpus.off_topic.get(kind, ())[::4]]
    return list({text: Labelled(text, line.breaks) for line in found if (text := fold(line.text))}.values())


def bank_of(lines: Sequence[Labelled]) -> str:
    """The hash by which the model card names these lines."""
    return hashlib.sha256("\n".join(f"{line.text}\t{line.breaks}" for line in lines).encode()).hexdigest()[:16]


def targets(lines: Sequence[Labelled], rules: Sequence[str]) -> np.ndarray:
    """(n, rules + 1) of 0 and 1; the last column is "breaks any"."""
    return np.array([[*(float(rule in line.breaks) for rule in rules), float(bool(line.breaks))] for line in lines],
                    dtype=np.float32)
