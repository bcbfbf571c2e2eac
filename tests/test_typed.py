from __future__ import annotations

import numpy as np
import pytest

from assistant.knowledge.typed import Sounds, is_typed
from assistant.knowledge.words import grams, normalise

LINES = ["太贵了", "怎么这么贵", "别再打了", "在开会", "交强险赔多少"]
STARTS = np.array([0, 2, 3, 4])  # cards: price (two lines), stop, busy, limits


@pytest.mark.parametrize("typed, card", [("tgl", 0), ("taiguile", 0), ("taigui", 0), ("bzd", 1), ("zkh", 2), ("kaihui", 2),
                                         ("jqx", 3)])
def test_initials_and_full_pinyin_find_their_card(typed, card):
    assert int(np.argmax(Sounds.build(LINES).scores(typed, STARTS))) == card


def test_the_sounds_survive_a_disk(tmp_path):
    sounds = Sounds.build(LINES)
    sounds.save(tmp_path)
    assert Sounds.load(tmp_path) == sounds


@pytest.mark.parametrize("text, typed", [("tgl", True), ("tai gui le", True), ("太贵了", False), ("4s店", False), ("app", False),
                                         ("etc", False), ("3200", False), ("客户说tgl怎么办", False)])
def test_pinyin_is_told_from_words(text, typed):
    assert is_typed(text) is typed


@pytest.mark.parametrize("text, plain", [("車險太貴了", "车险太贵了"), ("ＡＰＰ　便宜", "app 便宜"), ("三者200w", "三者200万"),
                                         ("3k块", "3千块"), ("5kw充电桩", "5kw充电桩")])
def test_one_spelling_for_one_thing(text, plain):
    assert normalise(text) == plain


def test_words_are_characters_and_pairs_of_them():
    assert grams("太贵，了") == ["太", "贵", "了", "太贵", "贵了"]
