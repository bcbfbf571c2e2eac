from __future__ import annotations

from dataclasses import replace

import pytest

from assistant import guard
from assistant.guard import LIKENESS, RULES, Figure, Likely, Limits, figures
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


def test_the_number_of_a_licence_is_no_figure_and_a_decimal_point_ends_no_clause():
    assert guard.figures("执业证号01234，工号：A-778，2000元") == (Figure(2000, "元"),)
    assert guard.clauses("赔12.2万，要多买。1,000块") == ("赔12.2万", "要多买", "1,000块")


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


LIMITS = Limits(alone=0.8, hint=0.3)


def likely(any_: float, **rules: float):
    """A second layer of one opinion: RL_01=0.9 for RL-01."""
    return lambda text: Likely(any_, {rule.replace("_", "-"): value for rule, value in rules.items()})


@pytest.fixture
def hints(small):
    """The red line of the small corpus, with a hint beside its patterns."""
    return {"RL-01": replace(small.redlines["RL-01"], patterns=("返您",), hints=("油卡",))}


def told(text, redlines, likeness):
    return [(b.rule, b.quote, b.layer) for b in guard.check(text, redlines, likeness, LIMITS)]


def test_a_pattern_decides_by_itself_and_a_hint_needs_the_second_layer(hints):
    assert told("我返您三百", hints, likely(0.0)) == [("RL-01", "我返您三百", RULES)]
    assert told("我不能返您三百", hints, likely(0.0)) == told("油卡挂失找加油站", hints, likely(0.29)) == []
    assert told("油卡少不了", hints, likely(0.3)) == [("RL-01", "油卡少不了", RULES)]


def test_the_second_layer_alone_needs_more_and_names_its_likeliest_rule(hints):
    assert told("回头给您整点油", hints, likely(0.79, RL_01=0.9)) == []
    assert told("回头给您整点油", hints, likely(0.8, RL_01=0.4)) == [("RL-01", "回头给您整点油", LIKENESS)]


def test_the_quote_is_the_clause_that_gives_a_line_away(hints):
    def layer(text):
        return Likely(0.9, {"RL-01": 0.9 if "整点油" in text else 0.1})
    assert told("条款您先看，回头给您整点油，别声张", hints, layer) == [("RL-01", "回头给您整点油", LIKENESS)]


def test_of_a_long_clause_only_the_words_are_quoted(hints):
    assert told("条款您看过了，今天晚上之前您把单子定下来的话我可以返您三百", hints, likely(0.0)) == [("RL-01", "返您", RULES)]


def test_a_long_speech_is_checked_to_its_end(hints):
    speech = "您好，我把条款给您讲一遍。" * 60 + "我返您三百。"
    assert told(speech, hints, likely(0.0)) == [("RL-01", "我返您三百", RULES)]
    assert told("", hints, likely(1.0)) == told("！？。", hints, likely(1.0)) == []
