"""The guard's second layer and the red lines that ship, together: what an agent would be told."""
from __future__ import annotations

import json

import pytest

from assistant import coach
from assistant.errors import CoachError
from assistant.guard import LIKENESS, RULES
from assistant.knowledge.likeness import FOLDER, Judge, fold, guard_over
from evals import guard as evals
from evals.run import floors_broken
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def judge():
    return Judge()


@pytest.fixture(scope="module")
def may_say(reading):
    return guard_over(reading.corpus.redlines)


def test_unseen_agent_lines_are_told_apart_above_the_floors(reading, judge):
    floors = json.loads((ROOT / "evals/baseline.json").read_text("utf-8"))["guard_dev"]
    timeless = {name: limit for name, limit in floors.items() if not name.endswith("_ms")}
    assert {"recall", "rule_named", "false_alarms"} <= set(timeless)
    found = evals.judged(evals.load("dev"), dict(reading.corpus.redlines), judge)
    assert floors_broken(evals.summary(found), timeless) == []
    assert {broken.layer for one in found for broken in one.found} == {RULES, LIKENESS}


def test_no_eval_line_is_trained_on():
    from training.guard_lines import read_lines

    files = sorted((ROOT / "training/guard").glob("*.jsonl"))
    trained = {fold(line.text) for path in files for line in read_lines(path)}
    assert len(trained) > 20_000
    asked = {fold(line.text) for split in ("dev", "blind", "blind2", "blind3", "blind4", "test") for line in evals.load(split)}
    assert len(asked) > 2_000 and not asked & trained


def test_every_line_that_we_tell_passes_the_whole_guard(reading, may_say):
    cards = reading.corpus.cards.values()
    lines = [line for card in cards for line in (*card.say, card.ask, *(say for v in card.variants for say in v.say.values()))]
    lines += [line for exits in coach.EXITS.values() for pair in exits for line in pair]
    lines += [line for kind, line in coach.DECLINES.items() if kind != "work"]  # that one is said to the agent
    lines += [rule.rewrite for rule in reading.corpus.redlines.values()]
    assert len(lines) > 600
    assert [(line, found) for line in lines if (found := may_say(line))] == []


@pytest.mark.parametrize("line, rule", [
    ("返点", "RL-01"), ("油卡给您备好", "RL-01"), ("私下转您三百", "RL-01"), ("加我微信说", "RL-01"), ("差多少我补您", "RL-01"),
    ("我帮您垫上", "RL-02"), ("验证码发我", "RL-02"), ("过了今天就涨", "RL-03"), ("包赔", "RL-04"), ("三天到账", "RL-04"),
    ("他们家不赔", "RL-05"), ("别说喝酒了", "RL-10"), ("返 现 三 百", "RL-01"), ("今天辦我給您返現三百", "RL-01"),
])
def test_what_may_not_be_said_is_named(may_say, line, rule):
    assert rule in [broken.rule for broken in may_say(line)]


@pytest.mark.parametrize("line", [
    "我们不能返现", "客户问“有返现吗”", "好的，明天上午给您回电", "保费以系统报价为准", "以前盗抢险要单买，2020年以后并进车损险了",
    "您好", "盗抢险不用另买", "我先把条款发您看看",
])
def test_what_may_be_said_is_let_through(may_say, line):
    assert may_say(line) == ()


def test_the_same_line_is_always_judged_alike(judge):
    assert judge("回头给您整点油") == judge("回头给您整点油")


def test_a_missing_layer_is_one_sentence(tmp_path):
    with pytest.raises(CoachError, match="重新安装"):
        Judge(tmp_path)


def test_the_model_card_says_what_it_was_trained_on():
    card, made = (FOLDER / "README.md").read_text("utf-8"), json.loads((FOLDER / "made.json").read_text("utf-8"))
    assert "MIT" in card and made["bank"] in card and str(made["lines"]) in card
    assert made["fidelity"]["agree"] > 0.99
