"""The pipeline: read -> lint -> embed -> index, words; rank, search. Its files are its steps.

`open_search` puts the steps together; whoever calls it closes what it returns.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.domain import Corpus
from assistant.errors import CoachError

Progress = Callable[[int, int], None]


def embedder_for(model: str):
    """The built-in encoder, or a sentence-transformers model by hub name or path."""
    from assistant.knowledge import embed

    return embed.OnnxEmbedder() if model == embed.BUILT_IN else embed.SentenceEmbedder(model)


def open_search(corpus: Corpus, folder: Path, model: str, progress: Progress = lambda done, total: None,
                rebuild: bool = False):
    """The search over the corpus, with its index built or opened. Raises CoachError with one sentence."""
    if not corpus.cards:
        raise CoachError("一张卡片都没有，没法建索引。请先检查 corpus/cards。")
    from assistant.knowledge.index import open_index
    from assistant.knowledge.search import Searcher

    embedder = embedder_for(model)
    return Searcher(open_index(folder, corpus, embedder, progress, rebuild), embedder)
