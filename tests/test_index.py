"""A real Chroma in a real folder: built aside, switched at once, owned by one, never lost."""
from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from assistant.errors import CoachError, IndexBusy
from assistant.knowledge.embed import OnnxEmbedder
from assistant.knowledge.index import entries_of, open_index
from assistant.knowledge.read import read_corpus
from assistant.knowledge.search import Searcher
from tests.conftest import ROOT, write_corpus


class Counting:
    """The packaged encoder, counting what it is asked to embed."""

    def __init__(self) -> None:
        self._inner = OnnxEmbedder()
        self.name = self._inner.name
        self.asked: list[str] = []

    def encode(self, texts):
        self.asked.extend(texts)
        return self._inner.encode(texts)


@pytest.fixture(scope="module")
def embedder():
    return Counting()


def cards(tmp_path, **extra):
    import shutil
    shutil.rmtree(tmp_path / "corpus", ignore_errors=True)
    return read_corpus(write_corpus(tmp_path, **extra)).corpus


def test_the_right_card_comes_first_and_the_vectors_are_the_encoders(tmp_path, embedder):
    found = cards(tmp_path)
    index = open_index(tmp_path / "index", found, embedder)
    search = Searcher(index, embedder)
    for line, card in (("保费太贵啦", "price"), ("不要再打我电话", "stop"), ("车被水淹了", "flood")):
        assert search(line).hits[0].card_id == card
    entries = entries_of(found)
    assert index.texts == tuple(entry.text for entry in entries)
    np.testing.assert_allclose(index.vectors(), embedder.encode([entry.text for entry in entries]), atol=1e-5)
    index.close()


def test_chroma_finds_what_exact_search_finds(tmp_path, embedder):
    index = open_index(tmp_path / "index", cards(tmp_path), embedder)
    vectors = index.vectors()
    for line in ("贵了点", "水", "别打"):
        vector = embedder.encode([line])[0]
        rows, similarities = index.nearest(vector, 5)
        exact = np.argsort(-(vectors @ vector))[:5]
        assert rows.tolist() == exact.tolist()
        np.testing.assert_allclose(similarities, (vectors @ vector)[exact], atol=1e-4)
    index.close()


def test_an_unchanged_corpus_is_opened_without_embedding_and_a_change_embeds_only_itself(tmp_path, embedder):
    open_index(tmp_path / "index", cards(tmp_path), embedder).close()
    embedder.asked.clear()
    open_index(tmp_path / "index", cards(tmp_path), embedder).close()
    assert embedder.asked == []
    from tests.conftest import PHRASINGS
    changed = {**PHRASINGS, "price": ("价格太高", 1, [*PHRASINGS["price"][2], "贵死个人"])}
    index = open_index(tmp_path / "index", cards(tmp_path, cards=changed), embedder)
    assert embedder.asked == ["贵死个人"]
    assert "贵死个人" in index.texts
    index.close()
    left = [path.name for path in (tmp_path / "index").iterdir() if path.is_dir()]
    assert left == [index.folder.name]


def test_a_changed_rung_needs_no_new_index(tmp_path, embedder):
    open_index(tmp_path / "index", cards(tmp_path), embedder).close()
    before = (tmp_path / "index" / "current").read_text()
    path = write_corpus(tmp_path / "other") / "cards/objections/price.md"
    path.write_text(path.read_text("utf-8").replace("第一句", "头一句"), "utf-8")
    open_index(tmp_path / "index", read_corpus(tmp_path / "other/corpus").corpus, embedder).close()
    assert (tmp_path / "index" / "current").read_text() == before


def test_a_build_that_is_cut_off_leaves_the_old_index_in_use(tmp_path, embedder):
    index = open_index(tmp_path / "index", cards(tmp_path), embedder)
    index.close()

    def cut(done, total):
        raise KeyboardInterrupt

    from tests.conftest import PHRASINGS
    changed = {**PHRASINGS, "price": ("价格太高", 1, [*PHRASINGS["price"][2], "贵死个人"])}
    with pytest.raises(KeyboardInterrupt):
        open_index(tmp_path / "index", cards(tmp_path, cards=changed), embedder, cut)
    assert (tmp_path / "index" / "current").read_text() == index.folder.name
    embedder.asked.clear()
    open_index(tmp_path / "index", cards(tmp_path), embedder).close()
    assert embedder.asked == []


@pytest.mark.parametrize("damage", ["manifest.json", "head.npy", "chroma.sqlite3"])
def test_a_damaged_index_is_built_anew(tmp_path, embedder, damage):
    index = open_index(tmp_path / "index", cards(tmp_path), embedder)
    index.close()
    (index.folder / damage).write_bytes(b"broken")
    again = open_index(tmp_path / "index", cards(tmp_path), embedder)
    assert Searcher(again, embedder)("保费太贵啦").hits[0].card_id == "price"
    again.close()


def test_a_second_process_is_told_who_has_the_index(tmp_path, embedder):
    index = open_index(tmp_path / "index", cards(tmp_path), embedder)
    code = ("from pathlib import Path\nfrom assistant.errors import IndexBusy\nfrom assistant.knowledge.index import _own\n"
            f"try:\n    _own(Path({str(tmp_path / 'index')!r}))\nexcept IndexBusy as error:\n    print(error)\n")
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60).stdout
    assert "进程" in told and "COACH_PATHS__DATA" in told
    index.close()
    open_index(tmp_path / "index", cards(tmp_path), embedder).close()


def test_a_killed_owner_frees_the_index_and_its_half_built_folder_is_swept(tmp_path, embedder):
    found = cards(tmp_path)
    code = ("import time\nfrom pathlib import Path\nfrom assistant.knowledge.embed import OnnxEmbedder\n"
            "from assistant.knowledge.index import open_index\nfrom assistant.knowledge.read import read_corpus\n"
            "def wait(done, total):\n    print(done, flush=True)\n    time.sleep(600 if done else 0)\n"
            f"corpus = read_corpus(Path({str(tmp_path / 'corpus')!r})).corpus\n"
            f"open_index(Path({str(tmp_path / 'index')!r}), corpus, OnnxEmbedder(), wait)\n")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout.readline() and process.stdout.readline()
    with pytest.raises(IndexBusy):
        open_index(tmp_path / "index", found, embedder)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while True:
        try:
            index = open_index(tmp_path / "index", found, embedder)
            break
        except IndexBusy:
            assert time.monotonic() < deadline
    assert [path.name for path in (tmp_path / "index").iterdir() if path.is_dir()] == [index.folder.name]
    index.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path, embedder):
    (tmp_path / "index").write_text("in the way")
    with pytest.raises(CoachError, match="不能写"):
        open_index(tmp_path / "index", cards(tmp_path), embedder)


def test_the_langchain_retriever_gives_the_same_cards(tmp_path, embedder):
    from assistant.knowledge.retriever import HybridRetriever

    corpus = read_corpus(write_corpus(tmp_path)).corpus
    index = open_index(tmp_path / "index", corpus, embedder)
    search = Searcher(index, embedder)
    documents = HybridRetriever(search=search, cards=corpus.cards, k=2).invoke("怎么这么贵啊")
    assert [document.id for document in documents] == [hit.card_id for hit in search("怎么这么贵啊").hits[:2]]
    assert documents[0].metadata["facts"] == ["F-01"] and "价格太高第一句" in documents[0].page_content
    index.close()
