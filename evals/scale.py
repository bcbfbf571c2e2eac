"""What happens at 100,000 phrasings: build time, search time, memory, recall against exact search.

    python -m evals.scale [--phrasings 100000] [--server]

Lines are made from the bank by swapping clauses between phrasings of one card, so that the vectors crowd as real ones do.
`--server` also asks a `chroma run` server on loopback, for sites that need several processes.
"""
from __future__ import annotations

import argparse
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.domain import Corpus
from assistant.knowledge import embedder_for
from assistant.knowledge.index import _COLLECTION, _HNSW, open_index
from assistant.knowledge.read import read_corpus
from assistant.knowledge.search import Searcher
from evals import metrics
from evals.data import load

K = 10


def grown(corpus: Corpus, wanted: int, seed: int = 20261124) -> Corpus:
    """The corpus with about `wanted` phrasings, every card by the same factor, each new line two halves of its own."""
    rng = random.Random(seed)
    share = wanted // len(corpus.cards)
    cards = {}
    for key, card in corpus.cards.items():
        lines = dict.fromkeys(card.phrasings)
        while len(lines) < share:
            left, right = rng.sample(card.phrasings, 2)
            lines[left[:rng.randint(2, max(2, len(left)))] + rng.choice(("，", "", "那", "就是")) + right[rng.randint(0, len(right) // 2):]] = None
        cards[key] = replace(card, phrasings=tuple(lines))
    return replace(corpus, cards=cards)


def server(vectors: np.ndarray, queries: np.ndarray) -> str:
    """Fills a `chroma run` server on loopback and times it from a client."""
    import chromadb

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp()
    process = subprocess.Popen([str(Path(sys.executable).with_name("chroma")), "run", "--path", folder, "--host", "127.0.0.1",
                                "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                client = chromadb.HttpClient("127.0.0.1", port)
                break
            except Exception:
                time.sleep(0.1)
        collection = client.create_collection(_COLLECTION, embedding_function=None, configuration=_HNSW)
        started = time.perf_counter()
        for start in range(0, len(vectors), 2000):
            part = vectors[start:start + 2000]
            collection.add(ids=[str(start + i) for i in range(len(part))], embeddings=part)
        filled = time.perf_counter() - started
        times = []
        for query in queries:
            started = time.perf_counter()
            collection.query(query_embeddings=[query], n_results=96, include=["distances"])
            times.append((time.perf_counter() - started) * 1000)
        return (f"chroma server on loopback: filled in {filled:.0f} s, query p50 {metrics.percentile(times, 50):.1f} ms, "
                f"p95 {metrics.percentile(times, 95):.1f} ms")
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--phrasings", type=int, default=100_000)
    parser.add_argument("--server", action="store_true")
    args = parser.parse_args()
    corpus = grown(read_corpus(Path("corpus")).corpus, args.phrasings)
    embedder = embedder_for("built-in")
    lines = [query.q for query in load("dev")][:500]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        index = open_index(Path(folder), corpus, embedder,
                           lambda done, total: print(f"\r{done}/{total}", end="", file=sys.stderr, flush=True))
        print(f"\n{len(index.texts)} phrasings built in {time.perf_counter() - started:.0f} s")
        search = Searcher(index, embedder)
        for line in lines[:20]:
            search(line)
        times = []
        for line in lines:
            started = time.perf_counter()
            search(line)
            times.append((time.perf_counter() - started) * 1000)
        vectors = index.vectors()
        queries = embedder.encode(lines)
        recall, top = [], []
        for query in queries:
            exact = np.argsort(-(vectors @ query))
            rows, _ = index.nearest(query, 96)
            recall.append(len(set(rows[:K].tolist()) & set(exact[:K].tolist())) / K)
            top.append(float(rows[0] == exact[0]))
        print(f"search p50 {metrics.percentile(times, 50):.1f} ms, p95 {metrics.percentile(times, 95):.1f} ms ({len(lines)} lines)")
        print(f"recall@{K} against exact {metrics.mean(recall):.4f}, first the same {metrics.mean(top):.4f}")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        index.close()
        if args.server:
            print(server(vectors, queries))


if __name__ == "__main__":
    main()
