"""Why 交强险 changed: the statutory ratio, step by step, out of the facts, for the agent alone."""
from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assistant import floating, guard, places
from assistant.desk import Desk
from assistant.domain import Incoming
from assistant.floating import CLOSING, History
from assistant.handlers import answer
from assistant.handlers.floating import lines
from tests.conftest import NOW, TODAY, hear, shown, unguarded


@pytest.fixture
def facts(reading):
    return reading.corpus.facts


@pytest.mark.parametrize("text, expected", [
    ("广东 3年未出险", History("广东", years=3)),
    ("A 有责1次", History("A", faults=1)),
    ("A类地区 连续两年没有有责事故", History("A", years=2)),
    ("上海 未出险3年", History("上海", years=3)),
    ("没出险已经五年 广东", History("广东", years=5)),
    ("四川省 上年未出险", History("四川", years=1)),
    ("北京 上年2次有责", History("北京", faults=2)),
    ("北京 有责死亡", History("北京", death=True)),
    ("北京 有责1次 没有死亡 有人受伤", History("北京", faults=1)),
    ("云南 无责1次 近3年没出险", History("云南", years=3, innocent=True)),
    ("新车", History(first=True)),
])
def test_a_history_is_read_as_agents_type_it(facts, text, expected):
    assert floating.parse(text, facts) == (expected, ())


# By hand, from the table of 2020: A 30/40/50, B 25/35/45, C 20/30/40, D 15/25/35, E 10/20/30; one 0, more +10, a death +30.
@pytest.mark.parametrize("text, ratio, fact", [
    ("西藏 1年未出险", "-30%", "CTP-06A"), ("A 2年未出险", "-40%", "CTP-06A"), ("青海 5年未出险", "-50%", "CTP-06A"),
    ("B 1年未出险", "-25%", "CTP-06B"), ("云南 2年未出险", "-35%", "CTP-06B"), ("广西 3年未出险", "-45%", "CTP-06B"),
    ("C 1年未出险", "-20%", "CTP-06C"), ("新疆 2年未出险", "-30%", "CTP-06C"), ("山西 3年未出险", "-40%", "CTP-06C"),
    ("D 1年未出险", "-15%", "CTP-06D"), ("北京 2年未出险", "-25%", "CTP-06D"), ("宁夏 4年未出险", "-35%", "CTP-06D"),
    ("E 1年未出险", "-10%", "CTP-06E"), ("深圳 2年未出险", "-20%", "CTP-06E"), ("广东 3年未出险", "-30%", "CTP-06E"),
    ("A 有责1次", "0%", "CTP-07"), ("E 有责2次", "+10%", "CTP-07"), ("E 有责5次", "+10%", "CTP-07"),
    ("E 有责死亡", "+30%", "CTP-07"), ("E 有责2次 死亡", "+30%", "CTP-07"), ("过户", "不浮动", "CTP-11"),
])
def test_the_ratio_is_that_of_the_table_and_its_step_cites_the_fact(facts, text, ratio, fact):
    found = floating.explain(floating.parse(text, facts)[0], facts, TODAY)
    *_, last, closing = found.steps
    assert (found.ratio, last.fact, closing.text) == (ratio, fact, CLOSING)
    assert ratio in last.text and fact in last.text and closing.text.endswith("以系统报价为准。")


def test_the_ratio_comes_from_the_fact_and_from_nowhere_else(facts):
    other = {**facts, "CTP-06E": replace(facts["CTP-06E"], statement=facts["CTP-06E"].statement.replace("下浮10%", "下浮11%"))}
    assert floating.explain(History("广东", years=1), other, TODAY).ratio == "-11%"
    broken = {**facts, "CTP-06E": replace(facts["CTP-06E"], statement="改了写法")}
    found = floating.explain(History("广东", years=1), broken, TODAY)
    assert found.ratio == "" and "没有现行的浮动比率" in found.steps[-2].text


def test_a_step_says_when_its_fact_holds_and_how_sure_it_is(facts):
    whole = [line.text for line in lines("广东 3年未出险 无责1次", "", facts, TODAY)]
    assert whole == [
        "交强险浮动比率：-30%",
        "广东属 E 类地区（CTP-06E，2020-09-19 起，置信高，二手来源互证）",
        "浮动只看道路交通事故这一项；有些地区另叠加交通违法、酒驾的比率，这里不含（CTP-05，2007-07-01 起，置信高，二手来源互证）",
        "无责的事故不算，不会因此上浮（CTP-08，2006-07-01 起，置信高，原文核对）",
        "连续 3 年没有有责事故，按 3 年及以上：浮动比率 -30%（CTP-06E，2020-09-19 起，置信高，二手来源互证）",
        CLOSING,
    ]
    assert "置信中高" in lines("新车", "", facts, TODAY)[-2].text and "只当参考" in lines("新车", "", facts, TODAY)[-2].text


@pytest.mark.parametrize("text, says", [
    ("广东", "还差出险情况"), ("", "还差出险情况"), ("3年未出险", "还差地区"), ("广东 无责1次", "还差年数"),
    ("广东 0年未出险", "还差"), ("广东 3年未出险 有责1次", "请只留一样"), ("火星 3年未出险", "没看懂：火星"),
])
def test_what_is_missing_or_unclear_is_asked_for_in_one_sentence(facts, text, says):
    [line] = lines(text, "", facts, TODAY)
    assert says in line.text and "/float" in line.text


def test_before_the_table_was_law_it_says_that_it_cannot_tell(facts):
    text = "".join(line.text for line in lines("广东 3年未出险", "", facts, date(2019, 6, 1)))
    assert "说不准" in text and "%" not in text


def test_no_premium_is_ever_in_an_explanation(facts):
    for letter in places.classes(facts.values()):
        for rest in ("1年未出险", "3年未出险", "有责1次", "有责死亡"):
            text = "".join(line.text for line in lines(f"{letter} {rest}", "", facts, TODAY))
            assert not any(figure.unit == "元" for figure in guard.figures(text))


def test_in_the_chat_the_region_comes_from_the_profile(reading, store):
    desk = Desk(hear, reading.corpus, store, unguarded)

    def say(text):
        return shown(answer(Incoming("li", text, NOW), desk))
    assert "还差地区" in say("/float 3年未出险")
    say("/profile 广东")
    assert say("浮动 3年未出险").startswith("交强险浮动比率：-30%") and say("/float A 3年未出险").startswith("交强险浮动比率：-50%")
    assert store.turns() == ()
