"""The labelled lines: `evals/datasets/*.jsonl`, one object a line with id, q, gold (card ids, several allowed; none for
lines that must be declined), voice, source and kind (objection, question, or a sort of off-topic)."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "datasets"


@dataclass(frozen=True, slots=True)
class Query:
    """A line somebody said, the cards that answer it (none: it must be declined), and who said it."""

    id: str
    q: str
    gold: tuple[str, ...]
    voice: str
    source: str
    kind: str


def load(split: str, folder: Path = FOLDER) -> list[Query]:
    """The queries of a split (dev, test, ...), in the order of the file. Raises ValueError where a line is broken."""
    queries = []
    path = folder / f"{split}.jsonl"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        entry = json.loads(line)
        if not entry["q"].strip() or not isinstance(entry["gold"], list):
            raise ValueError(f"{path}:{number}: q and gold are needed")
        queries.append(Query(entry["id"], entry["q"], tuple(entry["gold"]), entry["voice"], entry["source"], entry["kind"]))
    if not queries:
        raise ValueError(f"{path} holds no query")
    return queries
