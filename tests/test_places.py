"""Facts in time and place: what is told and cited fits the day, the agent's place and the customer's car."""
from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assistant import asking, coach, guard, places, render
from assistant.desk import Desk
from assistant.domain import Fact, Grounding, Incoming, Never, Place, Scene, Told, Variant
from assistant.errors import CoachError
from assistant.handlers import answer
from assistant.places import Fit
from tests.conftest import NOW, TODAY, found, shown, unguarded

NEV, FUEL = Place(energy="nev"), Place(energy="fuel")


def fact(**limits) -> Fact:
    return replace(Fact("X-1", "t", "降30%。", date(2020, 9, 19), None, ("全国",), ("all",), ("all",), "法", "高", ("30%",)), **limits)


@pytest.mark.parametrize("limits, place, expected", [
    ({}, Place(), Fit.YES),
    ({"region": ("广东", "四川")}, Place(("广东",)), Fit.YES),
    ({"region": ("广东", "四川")}, Place(("北京",)), Fit.NO),
    ({"region": ("北京",)}, Place(("北京", "天津")), Fit.UNKNOWN),
    ({"region": ("广东",)}, Place(), Fit.UNKNOWN),
    ({"energy": ("nev",)}, NEV, Fit.YES),
    ({"energy": ("nev",)}, FUEL, Fit.NO),
    ({"energy": ("nev",), "region": ("北京",)}, Place(("上海",)), Fit.NO),
    ({"channel": ("dealer", "intermediary")}, Place(channel="dealer"), Fit.YES),
    ({"channel": ("insurer",)}, Place(channel="dealer"), Fit.NO),
])
def test_a_fact_fits_a_place_or_not_or_nobody_knows(limits, place, expected):
    assert places.fit(fact(**limits), place) is expected


def test_a_line_that_names_the_scope_may_use_the_fact_where_the_place_is_unknown_and_nowhere_else():
    fuel = fact(energy=("fuel",))
    assert [places.backs(fuel, place, "燃油车降30%") for place in (Place(), FUEL, NEV)] == [True, True, False]
    assert not places.backs(fuel, Place(), "都降30%")
    assert places.backs(fact(region=("广东",)), Place(), "比如广东") and not places.backs(fact(region=("广东",)), Place(("北京",)), "比如广东")


def test_regions_are_read_as_typed_and_a_class_is_all_its_provinces(reading):
    facts = tuple(reading.corpus.facts.values())
    assert [places.region(text, facts) for text in ("广东", "广东省", "内蒙古自治区", "深圳市", "a", "E类地区", "火星", "")] == [
        "广东", "广东", "内蒙古", "深圳", "A", "E", None, None]
    assert places.place("D", "", "", facts).regions == ("北京", "天津", "河北", "宁夏")
    assert sum(len(found.region) for found in places.classes(facts).values()) == 31 + 5  # provinces; cities of their own


@pytest.fixture
def limited(small):
    """The price card with an unlimited line, a figure for 广东, and one for new-energy cars."""
    facts = {**small.facts, "F-03": fact(id="F-03", region=("广东",)), "F-04": fact(id="F-04", energy=("nev",), speak=("40%",))}
    card = replace(small.cards["price"], facts=("F-01", "F-03", "F-04"), say=("没有数字的话", "这里降30%", "电车降40%"),
                   variants=(Variant("F-03", {1: "广东这边降30%"}), Variant("nev", {2: "电车这句"})))
    return replace(small, cards={**small.cards, "price": card}, facts=facts)


def rungs(corpus, scene) -> list[str]:
    told, lines = [], []
    for _ in range(3):
        got = coach.tell(corpus.cards["price"], corpus, told, Grounding.STRONG, scene)
        told.append(Told("price", got.rung))
        if got.rung:
            lines.append(got.say)
    return lines


@pytest.mark.parametrize("place, expected", [
    (Place(), ["没有数字的话", "电车降40%"]),
    (Place(("广东",)), ["广东这边降30%", "这里降30%", "电车降40%"]),
    (Place(("北京",)), ["没有数字的话", "电车降40%"]),
    (Place(("北京",), "nev"), ["没有数字的话", "电车这句", "电车降40%"]),
    (Place(("北京",), "fuel"), ["没有数字的话"]),
])
def test_a_rung_whose_figures_nothing_supports_here_is_skipped_and_variants_step_in(limited, place, expected):
    assert rungs(limited, Scene(TODAY, place)) == expected


def test_a_variant_waits_until_its_fact_is_in_force(limited):
    facts = {**limited.facts, "F-03": fact(id="SAL-98", region=("广东",), valid_from=date(2026, 12, 1))}
    corpus, place = replace(limited, facts=facts), Place(("广东",), "fuel")
    lines = [coach.ladder(corpus.cards["price"], corpus, Scene(day, place))[0] for day in (TODAY, date(2026, 12, 1))]
    assert lines == [("没有数字的话", ""), ("广东这边降30%", "F-03")]


def test_where_no_rung_is_supported_the_agent_says_only_that_they_will_check(limited):
    card = replace(limited.cards["price"], say=("降30%",) * 3, variants=())
    got = coach.tell(card, limited, (), Grounding.STRONG, Scene(TODAY, Place(("北京",))))
    assert (got.say, got.notice, got.grounding, got.flags) == (coach.STALE_SAY, coach.UNBACKED, Grounding.WEAK, ("withheld",))


def test_a_rule_that_comes_into_force_later_supports_no_figure_before(limited):
    rule = fact(id="SAL-99", valid_from=date(2026, 12, 1))
    card = replace(limited.cards["price"], facts=("F-01", "SAL-99"), variants=())
    corpus = replace(limited, cards={"price": card}, facts={**limited.facts, "SAL-99": rule})
    assert rungs(corpus, Scene(date(2026, 11, 30))) == ["没有数字的话"]
    assert rungs(corpus, Scene(date(2026, 12, 1))) == ["没有数字的话", "这里降30%"]


def test_a_card_that_holds_for_another_car_is_not_told_and_one_that_partly_does_says_so(small):
    facts = {**small.facts, "F-04": fact(id="F-04", energy=("nev",))}
    only = replace(small.cards["price"], facts=("F-04",))
    partly = replace(small.cards["price"], facts=("F-04", "F-01"))
    corpus = replace(small, facts=facts)
    got = coach.tell(only, corpus, (), Grounding.STRONG, Scene(TODAY, FUEL))
    assert (got.say, got.notice, got.facts) == (coach.STALE_SAY, coach.MISPLACED.format(limits="新能源车"), ())
    assert got.flags == ("withheld", "scope:F-04")
    got = coach.tell(partly, corpus, (), Grounding.STRONG, Scene(TODAY, FUEL))
    assert (got.say[:7], got.notice) == ("价格太高第一句", coach.PARTLY.format(fact="F-04", limits="新能源车"))
    assert got.facts == ("F-01",)
    twin = replace(corpus, facts={**facts, "F-05": fact(id="F-05", energy=("fuel",))})
    got = coach.tell(replace(partly, facts=("F-04", "F-05")), twin, (), Grounding.STRONG, Scene(TODAY, FUEL))
    assert (got.say[:7], got.notice, got.facts) == ("价格太高第一句", "", ("F-05",))


def test_the_citation_names_only_what_holds_here_since_when_and_where(limited):
    def cited(place):
        got = coach.tell(limited.cards["price"], limited, (), Grounding.STRONG, Scene(TODAY, place))
        return [line.text for line in render.card(got, limited, place) if line.role == "cite"]
    assert cited(Place(("广东",), "nev")) == ["价格太高 · 依据 F-01、F-03、F-04（2020-09-19 起 · 广东 · 新能源车）"]
    assert cited(Place(("北京",), "fuel")) == ["价格太高 · 依据 F-01（2020-09-19 起 · 全国）"]
    later = replace(limited.facts["F-04"], valid_from=date(2021, 12, 27))
    limited = replace(limited, facts={**limited.facts, "F-04": later})
    assert cited(Place(("广东",), "nev")) == ["价格太高 · 依据 F-01、F-03、F-04（2021-12-27 起 · 广东 · 新能源车）"]
    assert cited(Place()) == ["价格太高 · 依据 F-01、F-03（广东）、F-04（新能源车）（2020-09-19 起 · 全国）"]


def test_the_never_say_line_shown_rests_on_what_holds_here(limited):
    never = (Never("全国都五折", "F-03"), Never("我私下返您三百", "RL-01"))
    card = replace(limited.cards["price"], never=never)
    told = [coach.tell(card, limited, (), Grounding.STRONG, Scene(TODAY, place)).never
            for place in (Place(("广东",)), Place(("北京",)))]
    assert told == [never, never[1:]]


def test_in_2019_nobody_says_what_became_law_later(reading):
    """Any card that rests on a fact not yet in force is withheld; what is told then cites only facts in force."""
    corpus, day, withheld = reading.corpus, date(2019, 6, 1), 0
    for card in corpus.cards.values():
        got = coach.tell(card, corpus, (), Grounding.STRONG, Scene(day))
        assert all(corpus.facts[fact].in_force(day) for fact in got.facts)
        rests = [corpus.facts[fact] for fact in card.facts if not fact.startswith("SAL-")]
        if any(not found.in_force(day) for found in rests):
            assert got.say == coach.STALE_SAY, card.id
            withheld += 1
    assert withheld > 80


@pytest.mark.parametrize("energy", ["", "fuel", "nev"])
@pytest.mark.parametrize("channel", ["", "insurer", "dealer", "intermediary"])
@pytest.mark.parametrize("region", ["", "A", "B", "C", "D", "E", "广东"])
def test_everywhere_every_card_tells_only_figures_that_hold_there(reading, region, channel, energy):
    corpus = reading.corpus
    place = places.place(region, energy, channel, corpus.facts.values())
    silent = []
    for card in corpus.cards.values():
        told: list[Told] = []
        for _ in card.say:
            got = coach.tell(card, corpus, told, Grounding.STRONG, Scene(TODAY, place))
            told.append(Told(card.id, got.rung))
            here = [corpus.facts[fact] for fact in got.facts if places.backs(corpus.facts[fact], place, got.say)]
            assert guard.unsupported(got.say, here) == (), got.say
        silent += [card.id] if "withheld" in got.flags else []
    assert silent == (["charging_pile"] if energy == "fuel" else [])


@pytest.mark.parametrize("region, line", [("广东", "上年没有有责事故降10%，连续两年20%，三年起30%"), ("西藏", "上年没有有责事故降30%，连续两年40%，三年起50%")])
def test_the_discount_of_the_region_is_told_and_of_no_other(reading, region, line):
    corpus = reading.corpus
    scene = asking.scene(corpus, TODAY, region)
    got = coach.tell(corpus.cards["ctp_region_discount"], corpus, (), Grounding.STRONG, scene)
    assert line in got.say and len(got.facts) == 1


def test_what_nobody_understands_on_the_command_line_is_named(reading):
    for words in ({"region": "火星"}, {"energy": "蒸汽"}, {"channel": "火箭"}, {"said": "上年3200 大客户"}):
        with pytest.raises(CoachError, match=next(iter(words.values())).split()[-1]):
            asking.scene(reading.corpus, TODAY, **words)


def test_the_profile_is_shown_set_and_steers_what_is_told(reading, store):
    desk = Desk(lambda line: found("ctp_region_discount" if "折" in line else "flood"), reading.corpus, store, unguarded)

    def say(text, person="li"):
        return answer(Incoming(person, text, NOW), desk)
    assert "地区：未填" in shown(say("/profile"))
    assert "各地降的幅度不一样" in shown(say("我这交强打几折"), "say")
    assert shown(say("/profile 地区 广东省 渠道 4S")) == "记下了。地区：广东（交强险 E 类） · 渠道：4S 店"
    say("/new")
    card = say("我这交强打几折")
    assert "降10%" in shown(card, "say") and shown(card, "cite") == "我这交强打几折 · 依据 CTP-06E（2020-09-19 起 · 广东）"
    assert shown(say("资料 火星")).startswith("没看懂：火星，这次没有改。")
    assert shown(say("资料 A类，保险公司")) == "记下了。地区：A 类地区 · 渠道：保险公司"
    assert "未填" in shown(say("/profile 清空"))
    assert "邀请链接" in shown(say("/profile 广东", "wang"))
    say("客户 新能源")
    assert shown(say("泡水了"), "say").startswith("电车的电池电机电控")
    assert "【只适用于燃油车】COM-20" in shown(say("/why"), "fact")
