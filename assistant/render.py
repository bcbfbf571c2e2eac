"""Suggestions as lines with roles; the terminal paints them, Telegram marks them up, and both show the same words."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assistant.domain import Asked, Button, Call, Corpus, Fact, Grounding, Habit, Line, Message, Place, Suggestion, Turn
from assistant.guard import LIKENESS, Break, Figure
from assistant.places import ANYWHERE, CHANNELS, ENERGIES, EVERYWHERE, Fit, fit, limits

NEXT, WHY, COPY, UP, DOWN = "换一句", "为什么", "复制", "👍", "👎"
MAX_ALTERNATIVES = 3
LOOK_UP = "【查系统】的地方先查到再念；客户报过的数，输入：客户 上年3200 今年2950 12天到期"


def _reason(basis: str, corpus: Corpus) -> str:
    if basis in corpus.redlines:
        return f"{basis} {corpus.redlines[basis].title}"
    return f"{basis} {corpus.facts[basis].topic}" if basis in corpus.facts else basis


def _where(facts: Sequence[Fact], place: Place) -> str:
    """Since when and where these facts hold: 2020-09-19 起 · 广东 · 新能源车. Sales rules do not move the date, nor do
    facts that may not hold here: those carry their limit."""
    sure = [fact for fact in facts if fit(fact, place) is Fit.YES]
    content = [fact for fact in sure or facts if not fact.id.startswith("SAL-")] or facts
    regional = any(EVERYWHERE not in fact.region for fact in sure)
    names = place.regions if len(place.regions) < 3 else (f"{place.regions[0]}等{len(place.regions)}地",)
    parts = [f"{max(fact.valid_from for fact in content)} 起"]
    parts += ["、".join(names) if regional else EVERYWHERE] if sure else []
    parts += [CHANNELS[place.channel]] if any("all" not in fact.channel for fact in sure) else []
    parts += [ENERGIES[place.energy]] if any("all" not in fact.energy for fact in sure) else []
    return " · ".join(parts)


def _cite(suggestion: Suggestion, corpus: Corpus, place: Place) -> str:
    facts = [corpus.facts[fact] for fact in suggestion.facts if fact in corpus.facts]
    if not facts:
        return f"{suggestion.title} · 在这个日期、这个地方没有依据"
    named = "、".join(f"{fact.id}（{limits(fact)}）" if fit(fact, place) is Fit.UNKNOWN else fact.id for fact in facts)
    return f"{suggestion.title} · 依据 {named}（{_where(facts, place)}）"


def card(suggestion: Suggestion, corpus: Corpus, place: Place = ANYWHERE) -> tuple[Line, ...]:
    """The lines of a suggestion: what to say first, what to ask, what never to say, and where it comes from.

    The citation names only facts that hold in `place`; those of which that is not known carry their limit."""
    if not suggestion.card_id:
        lines = [Line("note", suggestion.notice)] if suggestion.notice else []
        return (*lines, Line("ask", f"可以先问：{suggestion.ask}"))
    if not suggestion.say:
        return (Line("note", suggestion.notice),)
    lines = [Line("say", suggestion.say), Line("ask", f"接着问：{suggestion.ask}")]
    if suggestion.never:
        never = suggestion.never[0]
        lines.append(Line("never", f"别说：“{never.line}”（{_reason(never.basis, corpus)}）"))
    for other in suggestion.also:
        lines.append(Line("also", f"还提到「{other.title}」：{other.say}"))
    if any("look_up" in told.flags for told in (suggestion, *suggestion.also)):
        lines.append(Line("warning", LOOK_UP))
    lines.append(Line("cite", _cite(suggestion, corpus, place)))
    if "exit" in suggestion.flags:
        lines.append(Line("note", "客户已经推了几次，体面收尾；约好回访就输入“结果 回访 日期”。"))
    if suggestion.notice:
        lines.append(Line("warning", suggestion.notice))
    others = alternatives(suggestion)
    if suggestion.grounding is Grounding.WEAK and others:
        titles = "  ".join(f"[{6 + i}] {corpus.cards[other].title}" for i, other in enumerate(others))
        lines.append(Line("note", f"把握不大，也可能是：{titles}"))
    return tuple(lines)


def alternatives(suggestion: Suggestion) -> tuple[str, ...]:
    """Other cards the customer may have meant, offered where the grounding is weak."""
    told = {suggestion.card_id, *(other.card_id for other in suggestion.also)}
    return tuple(other for other in suggestion.cards if other not in told)[:MAX_ALTERNATIVES]


def buttons(suggestion: Suggestion, turn: int, corpus: Corpus) -> tuple[Button, ...]:
    """The five keys of a told card, and one for each alternative."""
    if not suggestion.say:
        return ()
    keys = [Button(NEXT, f"again:{turn}"), Button(WHY, f"why:{turn}"), Button(COPY, f"copy:{turn}", copy=suggestion.say),
            Button(UP, f"up:{turn}"), Button(DOWN, f"down:{turn}")]
    if suggestion.grounding is Grounding.WEAK:
        keys += [Button(corpus.cards[other].title, f"card:{turn}:{other}") for other in alternatives(suggestion)]
    return tuple(keys)


def _scope(fact: Fact) -> str:
    since = f"{fact.valid_from} 起" + (f"，至 {fact.valid_to}" if fact.valid_to else "")
    parts = [since, "、".join(fact.region), *(CHANNELS[item] for item in fact.channel if item in CHANNELS)]
    return " · ".join([*parts, *(ENERGIES[item] for item in fact.energy if item in ENERGIES)])


def why(turn: Turn, corpus: Corpus, today: date, place: Place = ANYWHERE) -> tuple[Line, ...]:
    """Everything behind a told card: the points, every never-say line, the dated facts with their sources."""
    found = corpus.cards.get(turn.card_id)
    if found is None:
        return (Line("note", "这一句没有对应的卡片，无从解释。"),)
    lines = [Line("why", point) for point in found.points]
    lines += [Line("never", f"别说：“{never.line}”（{_reason(never.basis, corpus)}）") for never in found.never]
    for fact_id in found.facts:
        fact = corpus.facts.get(fact_id)
        if fact is not None:
            state = "" if fact.in_force(today) else "【此日期不适用】"
            state += f"【只适用于{limits(fact)}】" if fit(fact, place) is Fit.NO else ""
            lines.append(Line("fact", f"{state}{fact.id} {fact.statement}（{_scope(fact)}；{fact.source}；置信{fact.confidence}）"))
    return tuple(lines)


MAY_SAY = "没查到红线问题，可以说。（机器判断，拿不准仍请问合规）"
ONCE_CHECKED = "没查到红线问题，数字查实了再说。（机器判断，拿不准仍请问合规）"
UNBACKED = "数字 {figures} 没有查到依据，说之前先【查系统】，以系统报价和条款为准。"
_LAYERS = {LIKENESS: "很像违规的说法"}


def broken(found: Break, corpus: Corpus) -> str:
    """A break in one sentence: the words, the layer that spoke, the rule, the law."""
    who = f"{_LAYERS[found.layer]}，" if found.layer in _LAYERS else ""
    return f"“{found.quote}”，{who}碰了 {_reason(found.rule, corpus)}（{found.basis}）"


def named(figures: Sequence[Figure]) -> tuple[str, ...]:
    """Figures as people read them, each once."""
    return tuple(dict.fromkeys(f"{figure.value / 10_000:g}万{figure.unit}" if figure.value >= 10_000 else f"{figure.value:g}{figure.unit}"
                               for figure in figures))


def verdict(found: Sequence[Break], figures: Sequence[Figure], corpus: Corpus) -> Message:
    """May it be said: every rule broken with the exact words, the law and who spoke, and a line to say instead."""
    lines = []
    for one in found:
        lines.append(Line("warning", f"别说：{broken(one, corpus)}"))
        advice = corpus.redlines[one.rule].advice if one.rule in corpus.redlines else ""
        lines.append(Line("say", one.rewrite))
        if advice:
            lines.append(Line("note", f"怎么做：{advice}"))
    if figures:
        lines.append(Line("warning", UNBACKED.format(figures="、".join(named(figures)))))
    if not found:
        lines.append(Line("note", ONCE_CHECKED if figures else MAY_SAY))
    buttons = (Button(COPY, "", copy=found[0].rewrite),) if found else ()
    return Message(tuple(lines), buttons)


def habit(found: Habit, corpus: Corpus) -> tuple[Line, ...]:
    """A habit, for the manager."""
    return (Line("note", f"{found.person} 这一周有 {found.times} 次想说的话碰了 {_reason(found.rule, corpus)}，都在说出口前拦下了；"
                         "建议约个时间一起练一练。"),)


def checks(days: int, asked: Sequence[Asked], habits: Sequence[Habit], corpus: Corpus) -> tuple[Line, ...]:
    """The team's own words by rule: how often, by how many people, and the newest example."""
    touched = [one for one in asked if one.rules]
    lines = [Line("note", f"近 {days} 天问了 {len(asked)} 次“能说吗”，{len(touched)} 次碰了红线。")]
    for rule in corpus.redlines:
        times = [one for one in habits if one.rule == rule]
        if times:
            newest = next(one for one in touched if rule in one.rules)
            who = "、".join(f"{one.person} {one.times} 次" for one in times[:5])
            lines.append(Line("why", f"{_reason(rule, corpus)}：{sum(one.times for one in times)} 次（{who}），最近一句“{newest.text}”"))
    return tuple(lines)


def _place(turn: Turn) -> str:
    return f"第{turn.rung}句" if turn.rung else "收尾"


def transcript(turns: Sequence[tuple[Call, Turn]]) -> tuple[str, ...]:
    """Logged turns as text, one a line, for people."""
    return tuple(
        f"#{turn.id} {turn.at:%m-%d %H:%M} 通话{call.id}{'·' + call.customer if call.customer else ''} "
        f"客户：{turn.heard} → {turn.told or '（没有答案）'}"
        f"{f'［{turn.card_id} {_place(turn)}］' if turn.card_id else ''}{turn.feedback}"
        f"{'　结果：' + call.outcome + (' ' + call.callback_on if call.callback_on else '') if call.outcome else ''}"
        for call, turn in turns)
