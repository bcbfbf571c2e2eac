"""How the guard's second layer is made: variation keeps labels true, and every step of the training really runs."""
from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ROOT
from training import guard_net
from training.guard_lines import Labelled, bank_of, lines_of, targets

LINES = [Labelled("我私下返您三百", ("RL-01",)), Labelled("条款我先发您看看", ()), Labelled("保费以系统报价为准", ())]


@pytest.fixture
def lines():
    return {"texts": [line.text for line in LINES], "breaks": [[0], [], []], "rules": ["RL-01", "RL-02"],
            "homophones": {"返": "反"}}


def test_labels_are_one_column_a_rule_and_one_for_any(lines):
    expected = [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert guard_net.labels_of(lines).tolist() == targets(LINES, ("RL-01", "RL-02")).tolist() == expected


def test_a_break_stays_one_wherever_the_line_is_glued(lines):
    wanted, recipe = guard_net.labels_of(lines), guard_net.Recipe(glued=1.0, slips=0.0)
    for seed in range(20):
        texts, labels = guard_net.vary(lines["texts"], wanted, recipe, {}, random.Random(seed))
        assert [bool(label[-1]) for label in labels] == ["返您" in text for text in texts]
    assert wanted.sum() == 2  # the given labels are left alone


def test_slips_replace_characters_by_their_homophones_only(lines):
    recipe = guard_net.Recipe(glued=0.0, slips=1.0)
    heard = {text for seed in range(50)
             for text in guard_net.vary(lines["texts"], guard_net.labels_of(lines), recipe, lines["homophones"], random.Random(seed))[0]}
    assert heard == {*lines["texts"], "我私下反您三百"}


def test_every_row_is_in_one_batch_and_a_batch_is_of_about_one_length():
    lengths = np.random.default_rng(0).integers(1, 60, 500).tolist()
    parts = list(guard_net.batches(lengths, 32, np.random.default_rng(1)))
    assert sorted(row for part in parts for row in part) == list(range(500))
    assert np.mean([np.ptp([lengths[row] for row in part]) for part in parts]) < 8


def test_the_bank_is_named_by_its_lines_and_labels():
    assert bank_of(LINES) != bank_of([*LINES[:2], Labelled(LINES[2].text, ("RL-14",))])
    found = lines_of(ROOT / "training/guard", ROOT / "corpus")
    assert len(found) > 40_000 and len({line.text for line in found}) == len(found)
    assert {rule for line in found for rule in line.breaks} == {f"RL-{number:02d}" for number in range(1, 16)}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A tiny encoder with the real tokenizer."""
    import shutil

    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    shutil.copyfile(ROOT / "assistant/knowledge/judge/tokenizer.json", folder / "tokenizer.json")
    BertModel(BertConfig(vocab_size=21128, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64),
              add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:Exporting aten", "ignore::DeprecationWarning")
def test_a_net_is_pretrained_taught_kept_and_packaged(base, lines, tmp_path):
    from assistant.knowledge.embed import OnnxModel
    from training.export import export_judge

    texts = lines["texts"] * 20
    guard_net.pretrain(base, texts, replace(guard_net.Pretraining(), epochs=2, batch=16), "cpu", tmp_path / "pretrained")
    recipe = guard_net.Recipe(shift=0.1, batch=16, learning_rate=2e-3, head_rate=0.05, dropout=0.0)
    pieces = guard_net.Pieces(tmp_path / "pretrained")
    epochs = guard_net.epochs_of({**lines, "texts": texts, "breaks": lines["breaks"] * 20},
                                 np.tile(guard_net.labels_of(lines), (20, 1)), recipe, pieces)
    net = guard_net.fit(tmp_path / "pretrained", epochs, 60, recipe, "cpu", "tiny")
    found = guard_net.predict(net, pieces.rows(lines["texts"]), "cpu")
    assert found.shape == (3, 3) and found[0, -1] > 0 > max(found[1, -1], found[2, -1])
    guard_net.keep(net, tmp_path / "net.pt")
    again = guard_net.load(tmp_path / "net.pt", base)
    assert np.abs(guard_net.predict(again, pieces.rows(lines["texts"]), "cpu") - found).max() < 0.02
    further = guard_net.fit(base, epochs, 1, replace(recipe, learning_rate=0.0, head_rate=0.0), "cpu", "tiny", tmp_path / "net.pt")
    assert np.abs(guard_net.predict(further, pieces.rows(lines["texts"]), "cpu") - found).max() < 0.05  # goes on from there
    assert export_judge(again, base, tmp_path / "judge", lines["texts"])["agree"] == 1.0
    assert OnnxModel(tmp_path / "judge").row("我私下返您三百")[-1] > 0
