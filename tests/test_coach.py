from __future__ import annotations

from datetime import date

import pytest

from assistant import coach
from assistant.domain import Found, Grounding, Hit, Scene, Told
from tests.conftest import TODAY, found

NONE = found()


def suggest(small, *told, cards=("price",), parts=(), today=TODAY, whole=None):
    return coach.suggest(whole or found(*cards), list(parts), small, told, Scene(today))


def test_the_first_time_the_first_rung_is_told_with_everything_around_it(small):
    got = suggest(small)
    assert (got.say, got.ask) == ("价格太高第一句，我帮您看看。", "价格太高，您看怎么办？")
    assert (got.card_id, got.rung, got.facts, got.why) == ("price", 1, ("F-01",), ("甲", "乙", "丙"))
    assert (got.grounding, got.cards, got.flags) == (Grounding.STRONG, ("price",), ())


def test_the_ladder_never_tells_a_line_twice_and_ends_in_a_polite_exit_with_a_call_back(small):
    told, lines = [], []
    for _ in range(5):
        got = suggest(small, *told)
        lines.append(got.say)
        told.append(Told("price", got.rung))
    assert lines[:3] == ["价格太高第一句，我帮您看看。", "价格太高第二句，我帮您算算。", "价格太高第三句，您慢慢想。"]
    assert len(set(lines)) == 5 and "打扰" in lines[3]
    assert "exit" in got.flags and "？" in got.ask


def test_when_the_exits_are_used_up_nothing_more_is_said(small):
    told = [Told("price", rung) for rung in (1, 2, 3, 0, 0)]
    got = suggest(small, *told)
    assert (got.say, got.notice) == ("", coach.ENDED)


def test_another_card_in_the_same_call_starts_at_its_own_first_rung(small):
    assert suggest(small, Told("price", 1), cards=("flood",)).rung == 1


def test_after_three_refusals_of_any_kind_a_refusal_gets_the_exit(small):
    import dataclasses
    cards = {key: dataclasses.replace(card, refusal="stop") for key, card in small.cards.items()}
    refusing = dataclasses.replace(small, cards=cards)
    told = [Told("price", 1), Told("flood", 1), Told("price", 2)]
    got = coach.suggest(found("stop"), [], refusing, told, Scene(TODAY))
    assert (got.rung, got.say) == (0, coach.EXITS["stop"][0][0])


def test_two_objections_are_both_told_the_more_urgent_first(small):
    got = suggest(small, whole=found("price", "stop"), parts=[found("price"), found("stop")])
    assert (got.card_id, [other.card_id for other in got.also]) == ("stop", ["price"])
    assert got.cards == ("stop", "price")


def test_a_part_that_is_not_sure_adds_no_second_card(small):
    got = suggest(small, whole=found("price", "stop"), parts=[found("price"), found("stop", confidence=0.5)])
    assert (got.card_id, got.also) == ("price", ())


def test_a_reason_in_a_second_clause_is_not_a_second_objection(small):
    """Both clauses are clear by themselves, but the whole line is all about one of them."""
    got = suggest(small, whole=found("price"), parts=[found("price"), found("stop")])
    assert (got.card_id, got.also) == ("price", ())


def test_two_clear_parts_are_told_when_the_whole_line_confuses(small):
    got = suggest(small, whole=found("flood", confidence=0.2), parts=[found("price"), found("stop")])
    assert (got.card_id, [other.card_id for other in got.also]) == ("stop", ["price"])


@pytest.mark.parametrize("line, parts", [
    ("太贵了，别再打了", ("太贵了", "别再打了")),
    ("隔壁便宜八百还有你们哪来我电话", ("隔壁便宜八百", "你们哪来我电话")),
    ("太贵了", ()),
    ("嗯，太贵了", ()),
])
def test_a_line_is_cut_where_a_second_objection_may_begin(line, parts):
    assert coach.clauses(line) == parts


def test_nothing_fits_says_so_with_one_safe_question_and_no_line(small):
    got = suggest(small, whole=NONE)
    assert (got.say, got.cards, got.grounding, got.flags) == ("", (), Grounding.NONE, ("gap",))
    assert got.ask == coach.ASK_MORE and got.notice == coach.NO_ANSWER


def test_a_card_whose_fact_did_not_hold_that_day_is_not_told_as_it_stands(small):
    got = suggest(small, today=date(2019, 1, 1))
    assert (got.say, got.flags, got.grounding) == (coach.STALE_SAY, ("withheld", "stale:F-01"), Grounding.WEAK)


def test_every_line_that_stands_in_the_code_is_sayable_too(reading):
    from assistant import guard
    lines = [line for kind in coach.EXITS.values() for pair in kind for line in pair]
    lines += [coach.STALE_SAY, *coach.DECLINES.values(), coach._ELSEWHERE]
    for line in lines:
        assert len(line) <= 40 and not guard.superlative(line) and not guard.figures(line)
        assert guard.breaks(line, reading.corpus.redlines) == ()


def test_the_parts_of_a_line_are_searched_only_where_they_could_change_the_answer():
    def whole(*scores, confidence=0.97):
        return Found(tuple(Hit(f"card{i}", score, 0.9, "") for i, score in enumerate(scores)), confidence, Grounding.STRONG)

    assert not coach.may_be_two(whole(0.985, 0.009))
    assert coach.may_be_two(whole(0.98, 0.01))
    assert coach.may_be_two(whole(0.985, 0.009, confidence=0.59))
