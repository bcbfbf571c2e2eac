"""The phrasing bank looked at as data: how many lines, how alike, how separable, and whether more would help.

    python -m evals.bank [--worst 20]

Near-duplicates are pairs within a card that share at least 80 % of their character unigrams and bigrams (Jaccard).
A line "fits a neighbour better" when, left out itself, the vote of its nearest phrasings goes to another card.
The learning curve asks dev with the first k phrasings of every card only (fusion as shipped, exact search).
"""
from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np

from assistant.knowledge import rank
from assistant.knowledge.search import NEAREST, Searcher
from assistant.knowledge.words import Words, grams, normalise
from evals import metrics
from evals.data import Query, load
from evals.run import opened

ALIKE = 0.8
STEPS = (3, 6, 12, 24, 48, 70, 140, 10_000)


def near_duplicates(texts: Sequence[str], owner: np.ndarray) -> list[tuple[str, str]]:
    """Pairs of phrasings of one card that are nearly the same."""
    found = []
    for card in range(int(owner.max()) + 1):
        lines = [texts[row] for row in np.flatnonzero(owner == card)]
        sets = [set(grams(line)) for line in lines]
        for i, left in enumerate(sets):
            for j in range(i):
                both = len(left & sets[j])
                if both and both / (len(left) + len(sets[j]) - both) >= ALIKE:
                    found.append((lines[j], lines[i]))
    return found


def strays(searcher: Searcher, vectors: np.ndarray) -> list[tuple[float, str, str, str]]:
    """(margin, own card, card that wins, line) of every phrasing that fits a neighbour better, the clearest first."""
    owner, classes, found = searcher.index.owner, len(searcher.index.cards), []
    for start in range(0, len(vectors), 512):
        similar = vectors[start:start + 512] @ vectors.T
        similar[np.arange(len(similar)), np.arange(start, start + len(similar))] = -1.0
        for i, row in enumerate(similar):
            near = np.argpartition(-row, NEAREST)[:NEAREST]
            votes = rank.kernel_vote(row[near], near, owner, classes)
            best, own = int(np.argmax(votes)), owner[start + i]
            if best != own:
                found.append((float(votes[best] - votes[own]), searcher.index.cards[own], searcher.index.cards[best],
                              searcher.index.texts[start + i]))
    return sorted(found, reverse=True)


def curve(searcher: Searcher, vectors: np.ndarray, queries: Sequence[Query]) -> list[tuple[int, float, float]]:
    """(phrasings a card, R@1, R@3) on the in-scope queries, with the first k phrasings of every card."""
    index, calibration = searcher.index, searcher.calibration
    asked = searcher.embedder.encode([normalise(query.q) for query in queries])
    place = np.concatenate([np.arange(count) for count in np.bincount(index.owner)])
    points = []
    for step in STEPS:
        rows = np.flatnonzero(place <= step)  # the title and `step` phrasings
        owner, classes = index.owner[rows], len(index.cards)
        words, head = Words.build([index.texts[row] for row in rows]), rank.Head.fit(vectors[rows], owner, classes)
        first, third = [], []
        for query, vector in zip(queries, asked, strict=True):
            similar = vectors[rows] @ vector
            near = np.argsort(-similar)[:NEAREST]
            text = normalise(query.q)
            shares = rank.fuse(rank.kernel_vote(similar[near], near, owner, classes),
                               rank.mean_of_best(words.scores(text), owner, classes) / max(1, len(grams(text))),
                               head.scores(vector), calibration)
            ranked = [index.cards[i] for i in np.argsort(-np.where(searcher.off, -1.0, shares))[:3]]
            first.append(metrics.recall_at(ranked, query.gold, 1))
            third.append(metrics.recall_at(ranked, query.gold, 3))
        points.append((int(np.bincount(owner).mean().round()), metrics.mean(first), metrics.mean(third)))
    return points


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.bank", description=__doc__.splitlines()[0])
    parser.add_argument("--worst", type=int, default=20)
    args = parser.parse_args()
    with opened() as (searcher, corpus):
        vectors = searcher.index.vectors()
        sizes = [len(card.phrasings) for card in corpus.cards.values()]
        print(f"{sum(sizes)} phrasings of {len(sizes)} cards, {min(sizes)} to {max(sizes)} a card")
        alike = near_duplicates(searcher.index.texts, searcher.index.owner)
        print(f"near-duplicate pairs within a card: {len(alike)} ({len(alike) / sum(sizes):.4f} a line)")
        stray = strays(searcher, vectors)
        print(f"lines that fit a neighbour better, left out themselves: {len(stray)} ({len(stray) / len(vectors):.4f})")
        for margin, own, other, line in stray[:args.worst]:
            print(f"  {margin:.2f} {own} -> {other}: {line}")
        print("pairs:", Counter((own, other) for _, own, other, _ in stray).most_common(10))
        print("learning curve (phrasings a card, R@1, R@3):")
        for count, first, third in curve(searcher, vectors, [query for query in load("dev") if query.gold]):
            print(f"  {count:5d}  {first:.3f}  {third:.3f}")


if __name__ == "__main__":
    main()
