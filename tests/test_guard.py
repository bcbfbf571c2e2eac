from __future__ import annotations

import pytest

from assistant import guard
from assistant.guard import Figure, figures
from tests.conftest import ROOT


@pytest.mark.parametrize("line, expected", [
    ("死亡伤残18万元", [Figure(180_000, "元")]),
    ("十八万", [Figure(180_000, "")]),
    ("一点八万", [Figure(18_000, "")]),
    ("两千块", [Figure(2000, "元")]),
    ("两百三十五", [Figure(235, "")]),
    ("48小时内", [Figure(48, "小时")]),
    ("百分之三十", [Figure(30, "%")]),
    ("三天到账", [Figure(3, "日")]),
    ("省两成", [Figure(2, "成")]),
    ("12.2万", [Figure(122_000, "")]),
    ("等一下，我看一看三者和三电", []),
    ("千万别急，万一出事", []),
    ("零件坏了不清零，两样都有", []),
    ("省一点，第一句", []),
])
def test_figures_are_read_in_digits_and_in_words(line, expected):
    assert list(figures(line)) == expected


def test_a_figure_needs_a_fact_that_lets_it_be_spoken(small):
    facts = [small.facts["F-01"]]
    assert guard.unsupported("有责20万，财产2000元", facts) == ()
    assert guard.unsupported("赔12.2万", facts) == (Figure(122_000, ""),)
    assert guard.unsupported("2000天", facts) == (Figure(2000, "日"),)


def test_a_red_line_quotes_the_words_and_refusing_is_no_break(small):
    assert [(b.rule, b.quote) for b in guard.breaks("我私下返您三百", small.redlines)] == [("RL-01", "返您")]
    assert guard.breaks("按规定我不能返您现金", small.redlines) == ()
    assert [b.quote for b in guard.breaks("不能返您现金，但可以送您洗车", small.redlines)] == ["送您"]


@pytest.mark.parametrize("line", ["这是全市最低价", "肯定赔", "我保证", "绝对没问题"])
def test_superlatives_and_promises_are_seen(line):
    assert guard.superlative(line) is not None


def test_an_absolute_deductible_is_a_term_and_no_promise():
    assert guard.superlative("可以选绝对免赔率") is None


def test_every_red_line_knows_its_own_examples():
    import tomllib

    from assistant.knowledge.read import read_corpus
    entries = tomllib.loads((ROOT / "corpus/redlines.toml").read_text("utf-8"))["redline"]
    redlines = read_corpus(ROOT / "corpus").corpus.redlines
    assert len(entries) == 15
    wrong = [(entry["id"], line) for entry in entries for line in entry["examples_breaking"]
             if entry["id"] not in [b.rule for b in guard.breaks(line, redlines)]]
    wrong += [(entry["id"], line) for entry in entries for line in entry["examples_clean"]
              if entry["id"] in [b.rule for b in guard.breaks(line, redlines)]]
    assert wrong == []
