"""Builds and opens the index: vectors in Chroma, words, head. A cache that can be rebuilt from `corpus/` at any time.

One process owns the folder (a lock file): Chroma is not safe between processes. A build goes into a folder of its own
and one atomic rename of the pointer file makes it current, so Ctrl-C, kill -9 or a full disk leave the old one in use.
"""
from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from assistant.domain import Corpus
from assistant.errors import CoachError, IndexBusy, why
from assistant.knowledge.embed import Embedder
from assistant.knowledge.rank import Head
from assistant.knowledge.typed import Sounds
from assistant.knowledge.words import Words, normalise

FORMAT = 2  # raise it when the files of an index change
OFF = "~"  # marks what is indexed in order to be declined
_COLLECTION = "phrasings"
_BATCH = 2000  # Chroma takes 5461 at most
_STEP = 64  # phrasings embedded between two reports of progress
# Exactness over speed: with this breadth the approximate search loses nothing at our sizes (see evals/LOG.md).
_HNSW = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}}

Progress = Callable[[int, int], None]  # done, total


@dataclass(frozen=True, slots=True)
class Entry:
    """One indexed line and the card it belongs to."""

    card_id: str
    text: str


def entries_of(corpus: Corpus) -> tuple[Entry, ...]:
    """What is indexed, normalised, each text once a card: every card's title and phrasings, then the off-topic lines
    under their kind (~smalltalk and the like)."""
    return tuple(dict.fromkeys(Entry(card, normalise(line)) for card, line in _lines_of(corpus)))


def _lines_of(corpus: Corpus) -> Iterator[tuple[str, str]]:
    for card in corpus.cards.values():
        yield from ((card.id, line) for line in (card.title, *card.phrasings))
    for kind, lines in corpus.off_topic.items():
        yield from ((OFF + kind, line) for line in lines)


def fingerprint(corpus: Corpus, embedder_name: str) -> str:
    """Changes when a phrasing, its card, the encoder or the format of the files changes. Over the lines as written:
    normalising them all at every start would take longer than answering."""
    digest = hashlib.sha256(f"{FORMAT}|{embedder_name}".encode())
    for card, line in _lines_of(corpus):
        digest.update(f"\n{card}\t{line}".encode())
    return digest.hexdigest()[:16]


def bank_hash(entries: Sequence[Entry]) -> str:
    """Names a bank of phrasings, whatever encodes it: the model card says which one the encoder was trained on."""
    content = json.dumps([[entry.card_id, entry.text] for entry in entries], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class Index:
    """An opened index: nearest phrasings by vector, scores by words, the head."""

    def __init__(self, folder: Path, cards: Sequence[str], owner: np.ndarray, words: Words, head: Head, texts: Sequence[str],
                 client, collection, lock: FileLock) -> None:
        self.folder, self.cards, self.owner = folder, tuple(cards), owner
        self.words, self.head, self.texts = words, head, tuple(texts)
        self._client, self._collection, self._lock = client, collection, lock

    def nearest(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the `count` nearest phrasings and their cosine similarities, nearest first."""
        answer = self._collection.query(query_embeddings=[vector], n_results=min(count, len(self.texts)),
                                        include=["distances"])
        return (np.array([int(row) for row in answer["ids"][0]], dtype=np.int64),
                1.0 - np.array(answer["distances"][0], dtype=np.float32))

    @functools.cached_property
    def sounds(self) -> Sounds:
        """The phrasings' sounds, read when pinyin is first typed."""
        return Sounds.load(self.folder)

    def vectors(self) -> np.ndarray:
        """All stored vectors in the order of the rows, for exact search in the evals."""
        return _vectors(self._collection, len(self.texts))

    def close(self) -> None:
        """Gives the index back; a second call does nothing."""
        if self._client is not None:
            self._client.close()
            self._client = None
            self._lock.release()


def _vectors(collection, total: int) -> np.ndarray:
    parts = []
    for start in range(0, total, _BATCH):
        ids = [str(row) for row in range(start, min(start + _BATCH, total))]
        answer = collection.get(ids=ids, include=["embeddings"])
        order = np.argsort([int(row) for row in answer["ids"]])
        parts.append(np.asarray(answer["embeddings"], dtype=np.float32)[order])
    return np.concatenate(parts)


def _own(folder: Path) -> FileLock:
    """Takes the folder for this process. Raises IndexBusy with one sentence when another holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "owner.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexBusy(f"索引 {folder} 正被{_owner(folder)}使用。请先关掉那个窗口，"
                        "或用 COACH_PATHS__DATA=另一个目录 再开一个。") from error
    except OSError as error:
        raise CoachError(f"索引目录 {folder} 不能写（{why(error)}）。请检查权限和磁盘空间。") from error
    (folder / "owner.pid").write_text(str(os.getpid()), encoding="utf-8")
    return lock


def _owner(folder: Path) -> str:
    try:
        return f"另一个进程（{int((folder / 'owner.pid').read_text())} 号）"
    except (OSError, ValueError):
        return "另一个进程"


def _client(folder: Path):
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def _current(folder: Path) -> Path | None:
    try:
        name = (folder / "current").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    found = folder / name
    return found if name and (found / "manifest.json").is_file() else None


def _known_vectors(old: Path | None, embedder: Embedder) -> dict[str, np.ndarray]:
    """Vectors of the index in use that the same encoder made, by text: only what changed is embedded again."""
    if old is None:
        return {}
    client = None
    try:
        manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
        if manifest["embedder"] != embedder.name:
            return {}
        client = _client(old)
        vectors = _vectors(client.get_collection(_COLLECTION, embedding_function=None), len(manifest["texts"]))
        return dict(zip(manifest["texts"], vectors, strict=True))
    except Exception:  # a damaged cache is not worth a message: it is about to be replaced
        return {}
    finally:
        if client is not None:
            client.close()


def _embed(texts: Sequence[str], embedder: Embedder, known: dict[str, np.ndarray], progress: Progress) -> np.ndarray:
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    progress(0, len(missing))
    for start in range(0, len(missing), _STEP):
        part = missing[start:start + _STEP]
        known.update(zip(part, embedder.encode(part), strict=True))
        progress(min(start + _STEP, len(missing)), len(missing))
    return np.stack([known[text] for text in texts])


def _write(target: Path, entries: Sequence[Entry], vectors: np.ndarray, embedder_name: str) -> None:
    cards = list(dict.fromkeys(entry.card_id for entry in entries))
    owner = np.array([cards.index(entry.card_id) for entry in entries], dtype=np.int64)
    texts = [entry.text for entry in entries]
    client = _client(target)
    try:
        collection = client.create_collection(_COLLECTION, embedding_function=None, configuration=_HNSW)
        for start in range(0, len(texts), _BATCH):
            part = slice(start, start + _BATCH)
            collection.add(ids=[str(row) for row in range(start, min(start + _BATCH, len(texts)))],
                           embeddings=vectors[part], documents=texts[part],
                           metadatas=[{"card": entry.card_id} for entry in entries[part]])
    finally:
        client.close()
    Words.build(texts).save(target)
    Sounds.build(texts).save(target)
    Head.fit(vectors, owner, len(cards)).save(target)
    manifest = {"embedder": embedder_name, "cards": cards, "owner": owner.tolist(), "texts": texts}
    (target / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def _switch(folder: Path, name: str) -> None:
    pointer = folder / "current.new"
    pointer.write_text(name, encoding="utf-8")
    os.replace(pointer, folder / "current")


def _sweep(folder: Path, keep: str) -> None:
    """Removes what builds that were cut off or replaced have left."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)


def _load(folder: Path, lock: FileLock) -> Index:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    client = _client(folder)
    collection = client.get_collection(_COLLECTION, embedding_function=None)
    return Index(folder, manifest["cards"], np.array(manifest["owner"]), Words.load(folder), Head.load(folder),
                 manifest["texts"], client, collection, lock)


def open_index(folder: Path, corpus: Corpus, embedder: Embedder, progress: Progress = lambda done, total: None,
               rebuild: bool = False) -> Index:
    """Opens the index of this corpus, building it first where phrasings or encoder have changed.

    Raises IndexBusy when another process owns the folder, CoachError when it cannot be written.
    """
    name = fingerprint(corpus, embedder.name)
    lock = _own(folder)
    try:
        current = _current(folder)
        if current is not None and current.name.partition("-")[0] == name and not rebuild:
            try:
                return _load(current, lock)
            except Exception:  # damaged files: the index is a cache, build it anew
                current = None
        # Chroma remembers a folder that failed for as long as the process lives: a build never reuses a name.
        final = folder / f"{name}-{os.urandom(3).hex()}"
        target = final.with_suffix(".building")
        _sweep(folder, current.name if current else "")
        entries = entries_of(corpus)
        vectors = _embed([entry.text for entry in entries], embedder, _known_vectors(current, embedder), progress)
        _write(target, entries, vectors, embedder.name)
        os.replace(target, final)
        _switch(folder, final.name)
        _sweep(folder, final.name)
        return _load(final, lock)
    except OSError as error:
        lock.release()
        raise CoachError(f"索引写不进 {folder}（{why(error)}）。请检查磁盘空间和权限，旧索引没有动。") from error
    except BaseException:
        lock.release()
        raise
