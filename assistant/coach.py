"""What was found -> the one thing worth saying. Pure: no clock, file or network; the scene and what was told are arguments."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant import guard, slots
from assistant.domain import Card, Corpus, Fact, Found, Grounding, Never, Place, Scene, Suggestion, Told
from assistant.places import CHANNELS, SCOPES, Fit, backs, fit, limits

MAX_CARDS = 5
REFUSALS = 3  # after so many refusals in a call the polite exit follows
EXITS = {
    "callback": (("好的，今天先不多打扰您，您慢慢考虑。", "您看哪天方便，我再给您回个电话？"),
                 ("明白，那我先到这儿，您有空随时打官方热线找我们。", "我改天再联系您，您看哪个时间合适？")),
    "stop": (("好的，我尊重您的意思，后面不再打扰您了。", "您看还有别的事需要我记录吗？"),
             ("明白，我这就登记好，祝您用车平安。", "您看还有需要我更正的信息吗？")),
}
ENDED = "收尾的话也说过了，别再劝，礼貌挂断；用“结果 回访 日期”或“结果 没续”结束这通电话。"
NO_ANSWER = "没有把握的现成话术，先别硬答；这句已记下，交给主管补。"
STALE = "这条依据的规定在这个日期不适用，先别照旧话说。"
UNBACKED = "这张卡里的数字在这个日期、这个地方没有依据，先别照旧话说。"
MISPLACED = "这张卡的依据只适用于{limits}，先别照着说，核实了再答。"
PARTLY = "主要依据 {fact} 只适用于{limits}，照着说前先核对客户的情况。"
STALE_SAY = "这一条我按最新规定核实清楚，再准确回复您。"
ASK_MORE = "您方便再说具体一点吗，主要担心哪一块？"
_ELSEWHERE = "这块不归车险管，我不乱答。车险上您还想了解哪一块？"
DECLINES = {  # by the kind of off-topic line that it resembles; "" is a line of our trade that no card covers
    "": ASK_MORE,
    "injection": "这个我帮不上忙。咱们说回车险，您想了解哪一块？",
    "smalltalk": "谢谢您，那咱们接着说车险，您看先聊哪一块？",
    "nonsense": "不好意思刚才没听清，您方便再说一遍吗？",
    "work": "这个我帮不上。客户那边车险上问了什么？",
    "other_insurance": "这个得问对应险种的客服。车险上您还想了解哪一块？",
    "traffic": "这个以交管部门的答复为准。车险上您还想了解哪一块？",
}
OFF_TOPIC = "这句不像车险续保的事，没有现成的话。"
_BREAK = re.compile(r"[，。！？；、,.!?;\s]+|(?:还有就是|还有|而且|另外|再说了|再一个|同时|并且|顺便)")
_MIN_CLAUSE = 3
SURE, SHARE, UNSURE = 0.95, 0.01, 0.6  # of a part's confidence, of a card's share in the whole, of the whole's confidence


def clauses(heard: str) -> tuple[str, ...]:
    """The parts of a line that could each be an objection of their own; empty where the line is one piece."""
    parts = tuple(part for part in _BREAK.split(heard) if len(part) >= _MIN_CLAUSE)
    return parts[:4] if len(parts) > 1 else ()


def may_be_two(whole: Found) -> bool:
    """Whether `choose` could tell two cards at all: searching the parts of a line costs as much as the line again."""
    return whole.confidence < UNSURE or sum(hit.score >= SHARE for hit in whole.hits) > 1


def choose(whole: Found, parts: Sequence[Found], corpus: Corpus) -> tuple[str, ...]:
    """The one or two cards to tell, the more urgent first (Card.urgency), else in the order heard.

    Two only when two parts are surely about different things and the line as a whole says so too: most lines of two
    clauses are one objection with its reason, and a second card would bury the first (measured on dev, evals/LOG.md).
    """
    share = {hit.card_id: hit.score for hit in whole.hits}
    sure = dict.fromkeys(part.hits[0].card_id for part in parts if part.hits and part.confidence >= SURE)
    both = [card for card in sure if share.get(card, 0.0) >= SHARE or whole.confidence < UNSURE][:2]
    if len(both) == 2:
        return tuple(sorted(both, key=lambda card: -corpus.cards[card].urgency))
    return (whole.hits[0].card_id,) if whole.grounding is not Grounding.NONE else ()


def _content(card: Card, corpus: Corpus) -> tuple[Fact, ...]:
    """The facts on which the card's content rests: sales rules bind the agent on any day, and are none, unless alone."""
    facts = tuple(corpus.facts[fact] for fact in card.facts if fact in corpus.facts)
    return tuple(fact for fact in facts if not fact.id.startswith("SAL-")) or facts


def stale(card: Card, corpus: Corpus, scene: Scene) -> tuple[str, ...]:
    """Facts of the card, sales rules and those of other places apart, that do not hold on that day: what it says may
    be wrong then."""
    return tuple(fact for fact in card.facts if not fact.startswith("SAL-") and (
        fact not in corpus.facts or (fit(corpus.facts[fact], scene.place) is not Fit.NO
                                     and not corpus.facts[fact].in_force(scene.day))))


def held(card: Card, corpus: Corpus, scene: Scene) -> tuple[Fact, ...]:
    """The card's facts in force on that day and not ruled out in that place: all that may be cited there."""
    facts = (corpus.facts[fact] for fact in card.facts if fact in corpus.facts)
    return tuple(fact for fact in facts if fact.in_force(scene.day) and fit(fact, scene.place) is not Fit.NO)


def _applies(scope: str, corpus: Corpus, scene: Scene) -> bool:
    if scope in SCOPES:
        return scope == (scene.place.channel if scope in CHANNELS else scene.place.energy)
    fact = corpus.facts.get(scope)
    return fact is not None and fact.in_force(scene.day) and fit(fact, scene.place) is Fit.YES


def ladder(card: Card, corpus: Corpus, scene: Scene) -> tuple[tuple[str, str], ...]:
    """The card's rungs as they stand in this scene, each with the scope of the variant it comes from ("" is none)."""
    rungs = [(line, "") for line in card.say]
    for variant in card.variants:
        if _applies(variant.scope, corpus, scene):
            for rung, line in variant.say.items():
                rungs[rung - 1] = (line, variant.scope)
    return tuple(rungs)


def unbacked(line: str, facts: Sequence[Fact], place: Place) -> tuple[guard.Figure, ...]:
    """Figures of a line that none of the facts, all in force, lets an agent say in that place; what fills a placeholder
    is the customer's own."""
    line = slots.bare(line)
    return guard.unsupported(line, [fact for fact in facts if backs(fact, place, line)]) if guard.figures(line) else ()


def _rung(card: Card, corpus: Corpus, told: Sequence[Told], sayable: Sequence[bool]) -> int:
    """The next sayable rung of the card's ladder, from 1; 0 is the polite exit."""
    used = {line.rung for line in told if line.card_id == card.id}
    if 0 in used:
        return 0
    refused = sum(1 for line in told if line.card_id in corpus.cards and corpus.cards[line.card_id].refusal)
    if card.refusal and refused >= REFUSALS:
        return 0
    return next((rung for rung, good in enumerate(sayable, 1) if good and rung not in used), 0)


def _misplaced(card: Card, corpus: Corpus, scene: Scene, variant: str) -> tuple[Fact | None, bool]:
    """The main fact that is ruled out in this place with no counterpart that holds there, if any, and whether all that
    the card rests on is ruled out."""
    content = _content(card, corpus)
    counterpart = any(limits(fact) and fit(fact, scene.place) is Fit.YES for fact in content)
    if variant or counterpart or not content or fit(content[0], scene.place) is not Fit.NO:
        return None, False
    return content[0], all(fit(fact, scene.place) is Fit.NO for fact in content)


def _never(card: Card, corpus: Corpus, scene: Scene) -> tuple[Never, ...]:
    """The never-say lines whose basis is a red line or a fact that holds here; all of them where none is left."""
    here = tuple(never for never in card.never if (fact := corpus.facts.get(never.basis)) is None
                 or (fact.in_force(scene.day) and fit(fact, scene.place) is not Fit.NO))
    return here or card.never


def tell(card: Card, corpus: Corpus, told: Sequence[Told], grounding: Grounding, scene: Scene) -> Suggestion:
    """The card's next line in this call that holds in this scene, or the polite exit when its ladder is used up.

    Its figures are checked again here: a fact out of force or of another place supports none. What the customer stated
    fills the placeholders; what nobody stated becomes 【查系统】.
    """
    flags, notice, facts = [], "", held(card, corpus, scene)
    rungs, outdated = ladder(card, corpus, scene), stale(card, corpus, scene)
    sayable = [not unbacked(line, facts, scene.place) for line, _ in rungs]
    rung = _rung(card, corpus, told, sayable if any(sayable) else [True] * len(rungs))
    if rung:
        (say, variant), ask = rungs[rung - 1], card.ask
        flags += [f"variant:{variant}"] if variant else []
    else:
        flags.append("exit")
        exits = EXITS[card.refusal or "callback"]
        said = sum(1 for line in told if line.rung == 0)
        say, ask = exits[said] if said < len(exits) else ("", "")
        notice = "" if say else ENDED
    if rung:
        foreign, wholly = _misplaced(card, corpus, scene, variant)
        if outdated or wholly or not any(sayable):
            say, grounding = STALE_SAY, Grounding.WEAK
            notice = STALE if outdated else MISPLACED.format(limits=limits(foreign)) if wholly else UNBACKED
            flags += ["withheld", *(f"stale:{fact}" for fact in outdated)] + ([f"scope:{foreign.id}"] if foreign is not None else [])
        elif foreign is not None:
            notice = PARTLY.format(fact=foreign.id, limits=limits(foreign))
            flags.append(f"scope:{foreign.id}")
    say, ask = slots.fill(say, scene.slots), slots.fill(ask, scene.slots)
    flags += ["look_up"] if slots.LOOK_UP in say + ask else []
    return Suggestion(say=say, ask=ask, never=_never(card, corpus, scene), why=card.points, facts=tuple(fact.id for fact in facts),
                      grounding=grounding, card_id=card.id, title=card.title, rung=rung, flags=tuple(flags), notice=notice)


def decline(reason: str = "") -> Suggestion:
    """Nothing fits: says so, offers one safe question, promises nothing. `reason` is the kind of
    off-topic line that it resembles, or empty: then it is a gap in our cards."""
    return Suggestion(say="", ask=DECLINES.get(reason, _ELSEWHERE), never=(), why=(), facts=(), grounding=Grounding.NONE,
                      flags=(f"off_topic:{reason}",) if reason else ("gap",), notice=OFF_TOPIC if reason else NO_ANSWER)


def suggest(whole: Found, parts: Sequence[Found], corpus: Corpus, told: Sequence[Told],
            scene: Scene) -> Suggestion:
    """What to say to a heard line, given what its search found, what its parts found, what this call has heard, and where."""
    chosen = choose(whole, parts, corpus)
    if not chosen:
        return decline(whole.decline)
    grounding = whole.grounding if len(chosen) == 1 else Grounding.STRONG  # two parts are told only when both are sure
    first, *others = [tell(corpus.cards[card], corpus, told, grounding, scene) for card in chosen]
    cards = dict.fromkeys([*chosen, *[hit.card_id for hit in whole.hits]])
    return replace(first, cards=tuple(cards)[:MAX_CARDS], also=tuple(others))
