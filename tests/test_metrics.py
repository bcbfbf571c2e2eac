"""The evals measure what they say; expected numbers are worked by hand."""
from __future__ import annotations

import math

import pytest

from evals import metrics
from evals.data import Query, load
from evals.run import Answer, confusions, declining, floors_broken, scores


def test_recall_counts_any_right_card_among_the_first_k():
    assert metrics.recall_at(["a", "b"], ["b"], 1) == 0
    assert metrics.recall_at(["a", "b"], ["b"], 3) == 1
    assert metrics.recall_at([], ["b"], 3) == 0


def test_reciprocal_rank_and_ndcg_fall_with_the_rank():
    assert metrics.reciprocal_rank(["a", "b", "c"], ["c"]) == pytest.approx(1 / 3)
    assert metrics.ndcg_at(["a", "b"], ["b"], 10) == pytest.approx(1 / math.log2(3))
    assert metrics.ndcg_at(["b", "a"], ["a", "b"], 10) == pytest.approx(1.0)
    assert metrics.ndcg_at([], [], 10) == 0


def test_the_bootstrap_interval_holds_the_mean_and_narrows():
    low, high = metrics.interval([1.0] * 90 + [0.0] * 10)
    assert low < 0.9 < high and 0.08 < high - low < 0.16
    assert metrics.interval([1.0] * 10) == (1.0, 1.0)


def test_randomisation_tells_a_real_difference_from_none():
    assert metrics.paired_p([1.0] * 30, [0.0] * 30) < 0.001
    assert metrics.paired_p([1.0, 0.0] * 20, [0.0, 1.0] * 20) > 0.5


def test_a_calibrated_system_has_no_error():
    curve = metrics.reliability([0.75] * 4, [True, True, True, False])
    assert curve == [(0.75, 0.75, 4)] and metrics.calibration_error(curve) == 0
    assert metrics.calibration_error(metrics.reliability([1.0] * 2, [False, False])) == 1.0


def query(gold: tuple[str, ...]) -> Query:
    return Query("1", "太贵了", gold, "v", "s", "objection" if gold else "smalltalk")


def test_every_query_counts_and_no_result_is_a_zero():
    found = [Answer(query(("a",)), ("a",)), Answer(query(("a",)), ()), Answer(query(()), ()), Answer(query(()), ("a",))]
    assert scores(found)["R@1"] == [1.0, 0.0]
    assert declining(found) == {"off_declined": 0.5, "in_scope_declined": 0.5, "decline_precision": 0.5, "decline_recall": 0.5}
    assert confusions(found) == [(("a", "(declined)"), 1, "太贵了")]


def test_a_figure_on_the_wrong_side_of_its_floor_is_named():
    floors = {"R@1": 0.9, "p95_ms": 50, "in_scope_declined": 0.03}
    assert floors_broken({"R@1": 0.95, "p95_ms": 20, "in_scope_declined": 0.01}, floors) == []
    assert len(floors_broken({"R@1": 0.85, "p95_ms": 60, "in_scope_declined": 0.04}, floors)) == 3


@pytest.mark.parametrize("split", ["dev", "test"])
def test_a_split_has_six_lines_a_card_hundreds_of_off_topic_ones_and_no_line_twice(split, reading):
    queries = load(split)
    counts = dict.fromkeys(reading.corpus.cards, 0)
    for one in queries:
        if one.gold:
            counts[one.gold[0]] += 1
            assert set(one.gold) <= set(counts)
    assert min(counts.values()) >= 6 and sum(not one.gold for one in queries) >= 300
    assert len({one.q for one in queries}) == len(queries) == len({one.id for one in queries})


def test_no_line_of_the_evals_stands_in_the_corpus_nor_in_the_other_split(reading):
    from assistant.knowledge.lint import folded
    indexed = {folded(line) for card in reading.corpus.cards.values() for line in card.phrasings}
    indexed |= {folded(line) for lines in reading.corpus.off_topic.values() for line in lines}
    # Keyboard mash that two writers chose alike leaks nothing; emoji fold to nothing.
    dev, test = ({folded(one.q) for one in load(split) if one.gold} for split in ("dev", "test"))
    assert len(indexed) > 10_000
    assert (dev | test) & indexed == set() and dev & test == set()
