"""The packaged encoder is the one its papers describe."""
from __future__ import annotations

import json

import numpy as np
import pytest

from assistant.errors import CoachError
from assistant.knowledge import embedder_for
from assistant.knowledge.embed import BUILT_IN_FOLDER, OnnxEmbedder, SentenceEmbedder


@pytest.fixture(scope="module")
def encoder():
    return OnnxEmbedder()


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(encoder):
    together = encoder.encode(["太贵了", "别再打了", "车泡水了，发动机还进了水，保险赔不赔"])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    for line, row in zip(["太贵了", "别再打了"], together, strict=False):
        np.testing.assert_array_equal(encoder.encode([line])[0], row)
    assert encoder.encode([]).shape[0] == 0


def test_it_speaks_langchain(encoder):
    assert encoder.embed_documents(["太贵了"])[0] == encoder.embed_query("太贵了")


def test_what_means_the_same_lies_closer_than_what_does_not(encoder):
    dear, costly, flood = encoder.encode(["太贵了", "价钱太高啦", "车被水淹了"])
    assert dear @ costly > dear @ flood + 0.2


def test_a_dictation_slip_lies_where_the_word_lies(encoder):
    right, slip, other = encoder.encode(["交强险赔多少", "交墙险赔多少", "在开会没空"])
    assert right @ slip > right @ other + 0.3


def test_int8_is_faithful_to_fp32_as_measured_at_export():
    fidelity = json.loads((BUILT_IN_FOLDER / "fidelity.json").read_text("utf-8"))
    assert fidelity["lines"] > 10_000 and fidelity["mean_cosine"] > 0.98


def test_the_model_card_and_the_bank_hash_ship_with_it():
    card = (BUILT_IN_FOLDER / "README.md").read_text("utf-8")
    made = json.loads((BUILT_IN_FOLDER / "made.json").read_text("utf-8"))
    assert "MIT" in card and made["bank"] in card and str(made["phrasings"]) in card


def test_an_encoder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CoachError, match="encoder.model"):
        embedder_for(str(tmp_path / "nowhere"))
    with pytest.raises(CoachError, match="重新安装"):
        OnnxEmbedder(tmp_path)


def test_any_sentence_transformers_model_can_replace_it(tmp_path):
    """A real, tiny BERT made here, since no hub may be reached."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(BUILT_IN_FOLDER / "tokenizer.json")),
                                        pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
    BertModel(BertConfig(vocab_size=21128, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                         intermediate_size=32)).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    word = Transformer(str(tmp_path / "bert"))
    SentenceTransformer(modules=[word, Pooling(word.get_embedding_dimension(), pooling_mode="cls")]).save(str(tmp_path / "tiny"))
    embedder = embedder_for(str(tmp_path / "tiny"))
    assert isinstance(embedder, SentenceEmbedder)
    assert embedder.encode(["太贵了", "别打了"]).shape == (2, 32)
    assert embedder.name == embedder_for(str(tmp_path / "tiny")).name
