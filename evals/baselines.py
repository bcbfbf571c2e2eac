"""What the product must beat, on the same lines in the same run: each takes a line and ranks cards, declining nothing."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import bm25s
import numpy as np

from assistant.knowledge import rank
from assistant.knowledge.embed import Embedder
from assistant.knowledge.search import Searcher
from assistant.knowledge.words import grams, normalise

System = Callable[[str], tuple[Sequence[str], float]]
_RRF_K = 60  # Cormack, Clarke & Buettcher 2009
_DEPTH = 10
_SIF = 1e-3


def _top(scores: np.ndarray, cards: Sequence[str]) -> tuple[Sequence[str], float]:
    order = np.argsort(-scores, kind="stable")[:_DEPTH]
    return [cards[i] for i in order], float(scores[order[0]])


def bm25(searcher: Searcher, tokens: Callable[[str], list[str]]) -> System:
    """BM25 with a tokenizer, a card's best phrasing."""
    index = bm25s.BM25()
    index.index([tokens(text) for text in searcher.index.texts], show_progress=False)

    def ask(line: str) -> tuple[Sequence[str], float]:
        best = np.maximum.reduceat(index.get_scores(tokens(normalise(line)) or [""]), searcher.starts)
        return _top(best, searcher.index.cards)
    return ask


def nearest(searcher: Searcher) -> System:
    """Plain Chroma: the nearest phrasing by the encoder's vectors, nothing else."""
    def ask(line: str) -> tuple[Sequence[str], float]:
        rows, similarities = searcher.index.nearest(searcher.embedder.encode([normalise(line)])[0], 96)
        _, best = rank.best_rows(similarities, rows, searcher.index.owner, len(searcher.index.cards))
        return _top(best, searcher.index.cards)
    return ask


def encoder(searcher: Searcher, embedder: Embedder) -> System:
    """Another encoder alone: its nearest phrasing by exact search."""
    vectors = embedder.encode(list(searcher.index.texts))

    def ask(line: str) -> tuple[Sequence[str], float]:
        similarities = vectors @ embedder.encode([normalise(line)])[0]
        return _top(np.maximum.reduceat(similarities, searcher.starts), searcher.index.cards)
    return ask


def static(searcher: Searcher, embedder: Embedder) -> System:
    """Another encoder's word-piece vectors, averaged with rare pieces weighing more (a / (a + p), Arora et al. 2017): what an
    encoder without attention would give. Nearest phrasing by exact search."""
    model = embedder._model  # type: ignore[attr-defined]  # a SentenceEmbedder's transformer
    table = model[0].auto_model.get_input_embeddings().weight.detach().numpy()
    pieces = [np.array(model.tokenizer(text, add_special_tokens=False)["input_ids"], dtype=np.int64) for text in searcher.index.texts]
    seen = np.bincount(np.concatenate(pieces), minlength=len(table)).astype(np.float64)
    weight = _SIF / (_SIF + seen / seen.sum())

    def vector(ids: np.ndarray) -> np.ndarray:
        total = (table[ids] * weight[ids, None]).sum(axis=0)
        return total / max(float(np.linalg.norm(total)), 1e-9)

    vectors = np.stack([vector(ids) for ids in pieces])

    def ask(line: str) -> tuple[Sequence[str], float]:
        ids = np.array(model.tokenizer(normalise(line), add_special_tokens=False)["input_ids"], dtype=np.int64)
        return _top(np.maximum.reduceat(vectors @ vector(ids), searcher.starts), searcher.index.cards)
    return ask


def head(searcher: Searcher) -> System:
    """The linear head alone."""
    return lambda line: _top(searcher.index.head.scores(searcher.embedder.encode([normalise(line)])[0]), searcher.index.cards)


def rrf(*systems: System) -> System:
    """Reciprocal rank fusion of rankings."""
    def ask(line: str) -> tuple[Sequence[str], float]:
        totals: dict[str, float] = {}
        for system in systems:
            for position, card in enumerate(system(line)[0], 1):
                totals[card] = totals.get(card, 0.0) + 1 / (_RRF_K + position)
        ranked = sorted(totals, key=lambda card: -totals[card])[:_DEPTH]
        return ranked, totals[ranked[0]]
    return ask


def all_of(searcher: Searcher) -> dict[str, System]:
    """The baselines that need nothing but the product's own parts and a Chinese tokenizer."""
    import rjieba

    characters, dense = bm25(searcher, grams), nearest(searcher)
    return {
        "BM25, characters": characters,
        "BM25, Chinese tokenizer": bm25(searcher, lambda text: [word for word in rjieba.cut(text) if word.strip()]),
        "Chroma, nearest phrasing": dense,
        "linear head": head(searcher),
        "RRF of nearest and BM25": rrf(dense, characters),
    }
