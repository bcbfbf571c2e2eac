"""What was found -> the one thing worth saying. Pure: no clock, file or network; `today` and what was told are arguments."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from assistant.domain import Card, Corpus, Found, Grounding, Suggestion, Told

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


def stale(card: Card, corpus: Corpus, today: date) -> tuple[str, ...]:
    """Facts of the card, sales rules apart, that do not hold on that day: what it says may be wrong then."""
    return tuple(fact for fact in card.facts if not fact.startswith("SAL-")
                 and (fact not in corpus.facts or not corpus.facts[fact].in_force(today)))


def _rung(card: Card, corpus: Corpus, told: Sequence[Told]) -> int:
    """The next rung of the card's ladder, from 1; 0 is the polite exit."""
    used = {line.rung for line in told if line.card_id == card.id}
    if 0 in used:
        return 0
    refused = sum(1 for line in told if line.card_id in corpus.cards and corpus.cards[line.card_id].refusal)
    if card.refusal and refused >= REFUSALS:
        return 0
    return next((rung for rung in range(1, len(card.say) + 1) if rung not in used), 0)


def tell(card: Card, corpus: Corpus, told: Sequence[Told], grounding: Grounding, today: date) -> Suggestion:
    """The card's next line in this call, or the polite exit when its ladder is used up."""
    flags = []
    outdated = stale(card, corpus, today)
    rung, notice = _rung(card, corpus, told), ""
    if rung:
        say, ask = card.say[rung - 1], card.ask
    else:
        flags.append("exit")
        exits = EXITS[card.refusal or "callback"]
        said = sum(1 for line in told if line.rung == 0)
        say, ask = exits[said] if said < len(exits) else ("", "")
        notice = "" if say else ENDED
    if outdated:
        say, grounding, notice = STALE_SAY, Grounding.WEAK, STALE
        flags.extend(f"stale:{fact}" for fact in outdated)
    return Suggestion(say=say, ask=ask, never=card.never, why=card.points, facts=card.facts, grounding=grounding,
                      card_id=card.id, title=card.title, rung=rung, flags=tuple(flags), notice=notice)


def decline(reason: str = "") -> Suggestion:
    """Nothing fits: says so, offers one safe question, promises nothing. `reason` is the kind of
    off-topic line that it resembles, or empty: then it is a gap in our cards."""
    return Suggestion(say="", ask=DECLINES.get(reason, _ELSEWHERE), never=(), why=(), facts=(), grounding=Grounding.NONE,
                      flags=(f"off_topic:{reason}",) if reason else ("gap",), notice=OFF_TOPIC if reason else NO_ANSWER)


def suggest(whole: Found, parts: Sequence[Found], corpus: Corpus, told: Sequence[Told], today: date) -> Suggestion:
    """What to say to a heard line, given what its search found, what its parts found, and what this call has heard."""
    chosen = choose(whole, parts, corpus)
    if not chosen:
        return decline(whole.decline)
    grounding = whole.grounding if len(chosen) == 1 else Grounding.STRONG  # two parts are told only when both are sure
    first, *others = [tell(corpus.cards[card], corpus, told, grounding, today) for card in chosen]
    cards = dict.fromkeys([*chosen, *[hit.card_id for hit in whole.hits]])
    return replace(first, cards=tuple(cards)[:MAX_CARDS], also=tuple(others))
