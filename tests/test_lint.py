"""The corpus that ships is clean, and every rule of lint goes red for the fault it is named after."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.domain import MAX_RUNG
from assistant.errors import CorpusError
from assistant.knowledge.lint import lint
from assistant.knowledge.read import read_card, read_corpus
from tests.conftest import TODAY, write_corpus


def test_the_corpus_that_ships_has_no_problem(reading):
    assert [str(problem) for problem in lint(reading, TODAY)] == []


def test_the_corpus_that_ships_is_complete(reading):
    corpus = reading.corpus
    assert (len(corpus.cards), len(corpus.facts), len(corpus.redlines)) == (161, 126, 15)
    lines = [line for card in corpus.cards.values() for line in card.say]
    assert len(lines) == 3 * 161 and max(map(len, lines)) <= MAX_RUNG


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str], list[str]]:
    """Lint's messages after one replacement in the price card."""
    def run(old: str, new: str) -> list[str]:
        corpus = write_corpus(tmp_path)
        path = corpus / "cards/objections/price.md"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return [str(problem) for problem in lint(read_corpus(corpus), TODAY)]
    return run


def test_the_small_corpus_is_clean_before_it_is_broken(tmp_path):
    assert lint(read_corpus(write_corpus(tmp_path)), TODAY) == ()


@pytest.mark.parametrize("old, new, place, says", [
    ("价格太高第一句，我帮您看看。", "长" * 41, ":11:", "超过 40 字"),
    ("价格太高第一句", "最多赔30万", ":11:", "数字 300000"),
    ("价格太高第一句", "全市最低", ":11:", "最低"),
    ("价格太高第一句", "我送您洗车", ":11:", "RL-01"),
    ("我帮您看看", "王先生您看", ":11:", "先生"),
    ("价格太高第一句", "【查系统】", ":11:", "念不出口"),
    ("价格太高第一句", "今年{保费}", ":11:", "{保费} 不认识"),
    ("价格太高第一句", "长" * 25 + "{今年}", ":11:", "这一句 41 个字"),
    ("价格太高第一句", "今年{今年}，降30%", ":11:", "数字 30%"),
    ("价格太高第一句", "{今年}的话我送您洗车", ":11:", "RL-01"),
    ("## 问", "## 说 [nev]\n1. 最多赔30万\n## 问", ":15:", "数字 300000"),
    ("## 问", "## 说 [nev]\n4. 多出来的一句\n## 问", ":15:", "只有 3 句"),
    ("## 问", "## 说 [火箭]\n1. 一句话\n## 问", ":15:", "[火箭] 不认识"),
    ("## 问", "## 说 [F-02]\n1. 一句话\n## 问", ":15:", "[F-02] 不认识"),
    ("价格太高，您看怎么办？", "您看怎么办", ":15:", "问号"),
    ('facts = ["F-01"]', 'facts = ["F-99"]', ":7:", "F-99 不存在"),
    ('facts = ["F-01"]', 'facts = ["F-02"]', ":7:", "不生效"),
    ('facts = ["F-01"]', "facts = []", ":7:", "没有引用"),
    ("urgency = 1", "urgency = 9", ":6:", "urgency"),
    ('stage = ["quote"]', 'stage = ["dream"]', ":5:", "stage"),
    ("reviewed = 2026-11-24", "reviewed = 2027-01-01", ":8:", "未来"),
    ('id = "price"', 'id = "pricey"', ":2:", "id 与文件名"),
    ("| RL-01", "| RL-77", ":21:", "RL-77"),
    ("- 太贵了\n", "- 别再打电话了\n", "", "已经有了"),
    ("- 太贵了\n", "", ":23:", "至少 12 句"),
    ("- 丙\n", "", ":17:", "正好 3 点"),
])
def test_a_fault_is_named_with_its_line_and_a_way_out(broken, old, new, place, says):
    messages = [message for message in broken(old, new) if says in message]
    assert messages and any(place in message for message in messages), messages


@pytest.mark.parametrize("old, new, says", [
    ('title = "价格太高"\n', "", "缺少字段 title"),
    ("## 问", "## 问题", "不认识"),
    ("## 别说\n- 我私下返您三百 | RL-01\n", "", "缺少小节“## 别说”"),
    ("+++\nid", "---\nid", "第一行应该是 +++"),
    ('kind = "objection"', 'kind = objection', "字段写错了"),
    ("1. 价格太高第一句", "一、价格太高第一句", "开头不对"),
    ("## 问", "## 说 [nev]\n- 一句话\n## 问", "变体的每一行"),
    ("## 问", "## 说 [nev]\n1. 一句话\n1. 又一句\n## 问", "一句只写一次"),
    ("## 问", "## 说 [nev]\n## 问", "是空的"),
])
def test_a_card_that_cannot_be_read_is_named_and_the_others_are_kept(broken, tmp_path, old, new, says):
    assert any(says in message for message in broken(old, new))
    assert set(read_corpus(tmp_path / "corpus").corpus.cards) == {"stop", "flood"}


def test_a_corpus_that_is_not_there_says_where_to_look(tmp_path):
    with pytest.raises(CorpusError, match="config.toml"):
        read_corpus(tmp_path / "nowhere")


def test_an_empty_card_is_refused_with_its_name():
    with pytest.raises(CorpusError, match="a.md:1"):
        read_card("", "a.md")


def test_a_line_cannot_be_both_answered_and_declined(tmp_path):
    corpus = write_corpus(tmp_path)
    (corpus / "off_topic").mkdir()
    (corpus / "off_topic/smalltalk.txt").write_text("你好呀\n太贵了\n", "utf-8")
    [problem] = lint(read_corpus(corpus), TODAY)
    assert (problem.path, problem.line) == ("corpus/off_topic/smalltalk.txt", 2)


def test_a_placeholder_and_a_variant_that_are_right_pass(broken):
    assert broken("价格太高第一句，我帮您看看。", "今年{今年}，有责赔20万元。") == []


def test_a_line_may_name_the_place_that_its_fact_holds_in_and_else_not(tmp_path):
    corpus = write_corpus(tmp_path)
    path = corpus / "facts/f.toml"
    path.write_text(path.read_text("utf-8").replace('region = ["全国"]', 'region = ["广东"]', 1), "utf-8")
    card = corpus / "cards/objections/price.md"
    for line, clean in (("广东这边赔20万元。", True), ("我们这边赔20万元。", False)):
        text = card.read_text("utf-8")
        card.write_text(text.replace(text.splitlines()[10], f"1. {line}"), "utf-8")
        assert (lint(read_corpus(corpus), TODAY) == ()) is clean


def test_a_ratio_that_float_cannot_read_is_a_problem(tmp_path, reading):
    corpus = write_corpus(tmp_path)
    fact = reading.corpus.facts["CTP-06A"]
    entry = """
[[fact]]
id = "CTP-06A"
topic = "A类地区下浮"
statement = "{statement}"
valid_from = 2020-09-19
region = ["青海"]
energy = ["all"]
channel = ["all"]
source = "法"
confidence = "高"
speak = ["30%", "40%", "50%"]
"""
    path, before = corpus / "facts/g.toml", lint(read_corpus(corpus), TODAY)
    for statement, clean in ((fact.statement, True), (fact.statement.replace("下浮30%", "下浮31%"), False), ("别的写法30%40%50%", False)):
        path.write_text(entry.format(statement=statement), "utf-8")
        problems = lint(read_corpus(corpus), TODAY)
        assert before == () and any("/float 才读得出来" in str(problem) for problem in problems) is not clean


def test_an_unproven_fact_may_not_be_spoken(tmp_path):
    corpus = write_corpus(tmp_path)
    path = corpus / "facts/f.toml"
    path.write_text(path.read_text("utf-8").replace('confidence = "高"', 'confidence = "中"', 1), "utf-8")
    assert any("speak 要清空" in str(problem) for problem in lint(read_corpus(corpus), TODAY))
