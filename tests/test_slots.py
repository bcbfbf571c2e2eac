"""What the agent states about a customer: read from any order and spelling, spoken back as stated, never computed with."""
from __future__ import annotations

import random

import pytest

from assistant import coach, guard, render, slots
from assistant.desk import Desk
from assistant.domain import Grounding, Incoming, Scene, Slots, Told
from assistant.handlers import answer
from assistant.handlers.customer import CLEARED, EMPTY, PRIVATE
from assistant.knowledge.read import read_corpus
from assistant.slots import LOOK_UP, Parsed
from tests.conftest import NOW, TODAY, hear, shown, unguarded, write_corpus

WHOLE = Slots(3200, 2950, 0, "12天后")


@pytest.mark.parametrize("text, expected", [
    ("上年3200 今年2950 未出险 12天到期", WHOLE),
    ("12天到期，没出过险，今年报价2,950元，去年三千二", WHOLE),
    ("去年保费：３２００；报价2千9百五、还有十二天 无出险", WHOLE),
    ("上年3200今年2950没出险还剩12天", WHOLE),
    ("出险1次 新能源 11-28到期", Slots(claims=1, due="11月28日", energy="nev")),
    ("到期 11月28日 出过两次险 油车", Slots(claims=2, due="11月28日", energy="fuel")),
    ("电车 到期日2026-11-28 3次出险", Slots(claims=3, due="11月28日", energy="nev")),
    ("明天到期", Slots(due="明天")),
    ("下周三过期 上年1.2万", Slots(12_000, due="下周三")),
    ("上年3200.5 上年3300.55", Slots(3300.55)),
])
def test_the_customers_quote_is_read_in_any_order_and_spelling(text, expected):
    assert slots.parse(text) == Parsed(expected)


@pytest.mark.parametrize("text, expected", [
    ("上年3200 大客户", Parsed(Slots(3200), ("大客户",))),
    ("说太贵了", Parsed(Slots(), ("说太贵了",))),
    ("上年3 今年2950", Parsed(Slots(this_year=2950), ("上年3",))),
    ("13-45到期 上年3200", Parsed(Slots(3200), ("13-45到期",))),
    ("今年 12天到期", Parsed(Slots(due="12天后"), ("今年",))),
    ("新能源 油车", Parsed(Slots(energy="nev"), ("油车",))),
    ("粤B12345 上年3200", Parsed(Slots(3200), private=True)),
    ("粤b 上年3200", Parsed(Slots(3200), private=True)),
    ("13812345678 上年3200", Parsed(Slots(3200), private=True)),
])
def test_what_means_nothing_is_named_and_personal_data_is_thrown_away(text, expected):
    assert slots.parse(text) == expected


@pytest.mark.parametrize("text, value", [("3200", 3200), ("三千二", 3200), ("三千零二", 3002), ("三千零五十", 3050), ("2千9", 2900),
                                         ("两千九百五", 2950), ("十二", 12), ("一万二", 12_000), ("1.2万", 12_000), ("贵", None)])
def test_numbers_are_read_as_people_say_them(text, value):
    assert slots.number(text) == value


def test_a_line_is_filled_with_what_was_stated_and_says_where_to_look_otherwise():
    line = "去年{上年}今年{今年}，{到期}到期，还有{到期天数}，出险{出险}"
    assert slots.fill(line, WHOLE) == "去年3200元今年2950元，12天后到期，还有12天，出险0次"
    assert slots.fill(line, Slots(due="11月28日")) == "去年【查系统】今年【查系统】，11月28日到期，还有【查系统】，出险【查系统】"


def test_longest_is_never_shorter_than_any_filling():
    for name, longest in slots.LONGEST.items():
        fillings = [slots.fill(f"{{{name}}}", Slots(slots.MAX_PREMIUM, slots.MAX_PREMIUM, 10, due))
                    for due in ("365天后", "12月31日", "下个月月底", "下星期三", "")]
        assert max(map(len, fillings)) <= max(len(longest), len(LOOK_UP)), name


def test_no_arithmetic_result_ever_shows(reading):
    """Every line of every card, filled: each figure stands in the card or was stated by the customer."""
    corpus, dice, filled = reading.corpus, random.Random(7), 0
    for card in corpus.cards.values():
        stated = Slots(dice.randint(3001, 4999), dice.randint(2001, 2999), dice.choice([0, 1, 2]), f"{dice.randint(11, 29)}天后")
        known = {figure.value for value in slots.fillings(stated).values() for figure in guard.figures(value)}
        told: list[Told] = []
        for _ in range(len(card.say)):
            got = coach.tell(card, corpus, told, Grounding.STRONG, Scene(TODAY, slots=stated))
            template = card.say[got.rung - 1] if got.rung else got.say
            own = {figure.value for figure in guard.figures(slots.bare(template + card.ask))}
            assert {figure.value for figure in guard.figures(got.say + got.ask)} <= own | known, got.say
            filled += got.say != template
            told.append(Told(card.id, got.rung))
    assert filled >= 8


def test_a_call_keeps_what_its_customer_quoted_and_the_next_call_does_not(say, store):
    assert shown(say("客户")) == EMPTY
    assert shown(say("客户 上年3200 今年2950 未出险 12天到期")) == (
        "记下了：上年 3200元 · 今年 2950元 · 未出险 · 12天后到期。只用在这通电话里。")
    assert shown(say("客户 新能源 粤B12345")) == (
        f"记下了：上年 3200元 · 今年 2950元 · 未出险 · 12天后到期 · 新能源。只用在这通电话里。\n{PRIVATE}")
    assert shown(say("客户")) == "这位客户：上年 3200元 · 今年 2950元 · 未出险 · 12天后到期 · 新能源。"
    assert "没看懂：大客户。" in shown(say("客户 大客户 今年2900"))
    say("/new 乙")
    assert shown(say("客户")) == EMPTY
    say("客户 上年3000")
    assert shown(say("客户 清空")) == CLEARED and shown(say("客户")) == EMPTY
    assert store.turns() == ()


@pytest.mark.parametrize("line", ["客户 今年99999999", "客户 上年-5", "客户 姓名张三"])
def test_figures_that_cannot_be_kept_are_explained_and_not_heard_as_the_customer(say, store, line):
    assert shown(say(line), "note") and store.turns() == ()


def test_a_customers_line_after_the_word_is_heard_as_a_line(say, store):
    assert shown(say("客户 说太贵了"), "say") == "价格太高第一句，我帮您看看。"
    assert store.turns()[0][1].heard == "说太贵了"


def test_a_plate_never_reaches_the_file(say, store, tmp_path):
    say("客户 粤B12345 上年3200")
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("coach.db*"))
    assert "粤B".encode() not in content and b"B12345" not in content


def test_slots_go_with_their_call(say, store):
    say("客户 上年3200")
    store._db.execute("delete from sessions")
    assert store._db["slots"].count == 0


def test_a_placeholder_is_filled_in_the_call_and_marked_where_it_must_be_looked_up(tmp_path, store):
    path = write_corpus(tmp_path) / "cards/objections/price.md"
    path.write_text(path.read_text("utf-8").replace("价格太高第一句", "今年是{今年}").replace("价格太高第二句", "去年是{上年}"), "utf-8")
    desk = Desk(hear, read_corpus(tmp_path / "corpus").corpus, store, unguarded)

    def say(text):
        return answer(Incoming("li", text, NOW), desk)
    unknown = say("太贵了")
    assert (shown(unknown, "say"), shown(unknown, "warning")) == ("今年是【查系统】，我帮您看看。", render.LOOK_UP)
    say("客户 今年2950")
    say("/new")
    say("客户 今年2950")
    known = say("太贵了")
    assert (shown(known, "say"), shown(known, "warning")) == ("今年是2950元，我帮您看看。", "")
    assert shown(say("换一句"), "say") == "去年是【查系统】，我帮您算算。"
    assert [turn.told for _, turn in store.turns()][::-1] == [
        "今年是【查系统】，我帮您看看。", "今年是2950元，我帮您看看。", "去年是【查系统】，我帮您算算。"]


def test_every_shipped_placeholder_line_can_be_read_out_with_the_hole_in_it(reading):
    lines = [line for card in reading.corpus.cards.values() for line in card.say if "{" in line]
    assert 8 <= len(lines) <= 14
    for line in lines:
        known, nothing = slots.fill(line, WHOLE), slots.fill(line, Slots())
        assert "{" not in known + nothing and LOOK_UP not in known and LOOK_UP in nothing
