"""Checks the corpus as strictly as a customer's recording will be: every message names file, line and what to do."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from assistant import coach, floating, guard, slots
from assistant.domain import MAX_RUNG, RUNGS, Card, Corpus, Fact, Place, RedLine
from assistant.knowledge.read import KINDS, STAGES, CardText, Problem, Reading
from assistant.places import ANYWHERE, SCOPES, scope_place

MIN_PHRASINGS = 12
CONFIDENCES = ("高", "中高", "中", "低")
_SPOKEN = re.compile(r"[【】\[\]{}<>（）()×X_]|N个|先生|女士")
_QUESTION = ("？", "?")


def folded(line: str) -> str:
    """A phrasing without punctuation, spaces and case: what two copies of the same line share."""
    return re.sub(r"[\W_]+", "", line).lower()


def spoken(line: str, facts: Iterable[Fact], redlines: Mapping[str, RedLine], place: Place) -> Iterable[str]:
    """What is wrong with a line that an agent will say aloud in that place; a placeholder counts as its longest filling."""
    if not line:
        yield "这一句是空的，请写上"
    for name in slots.strangers(line):
        yield f"占位符 {{{name}}} 不认识，只用：{'、'.join(f'{{{known}}}' for known in slots.LONGEST)}"
    longest, bare = slots.longest(line), slots.bare(line)
    if len(longest) > MAX_RUNG:
        yield f"这一句 {len(longest)} 个字，超过 {MAX_RUNG} 字一口气说不完，请缩短：{longest}"
    word = guard.superlative(bare)
    if word is not None:
        yield f"“{word}”是绝对化或承诺用语，请换成可以兑现的说法：{line}"
    for broken in {found.rule: found for text in (longest, bare) for found in guard.breaks(text, redlines)}.values():
        yield f"“{broken.quote}”碰了红线 {broken.rule}（{broken.basis}），可改为：{broken.rewrite}"
    for figure in coach.unbacked(line, facts, place):
        yield (f"数字 {figure.value:g}{figure.unit} 没有一条被引用的、在这里适用的高置信事实支持，"
               f"请引用对应的事实、写明适用范围，或改说“以系统报价/条款为准”：{line}")
    found = _SPOKEN.search(bare)
    if found is not None:
        yield f"“{found.group()}”念不出口或分了先生女士，请改成照着就能念的话：{line}"


def _check_variants(card: Card, facts: list[Fact], corpus: Corpus) -> Iterable[tuple[str, str]]:
    """Each variant has a scope that exists, replaces rungs that exist, and is sayable where it is told."""
    for i, variant in enumerate(card.variants):
        cited = {fact.id: fact for fact in facts}
        if variant.scope not in SCOPES and variant.scope not in cited:
            yield f"variants{i}", f"变体 [{variant.scope}] 不认识：写 {'、'.join(SCOPES)}，或这张卡引用的一条现行事实的编号"
            continue
        where = scope_place(variant.scope, cited.get(variant.scope))
        for rung, line in variant.say.items():
            if rung > len(card.say):
                yield f"variants{i}", f"变体 [{variant.scope}] 要替换第 {rung} 句，可“说”只有 {len(card.say)} 句"
            for message in spoken(line, facts, corpus.redlines, where):
                yield f"variants{i}", message


def _check_card(text: CardText, corpus: Corpus, today: date) -> Iterable[tuple[str, str]]:
    """(part, message) for everything wrong inside one card."""
    card = text.card
    if card.kind not in KINDS:
        yield "kind", f"kind 只能是 {' 或 '.join(KINDS)}"
    stem = card.path.rsplit("/", 1)[-1].removesuffix(".md")
    if stem != card.id or f"/{card.kind}s/" not in card.path:
        yield "id", f"id 与文件名、文件夹要一致：应放在 cards/{card.kind}s/{card.id}.md"
    for stage in card.stage or ("（空）",):
        if stage not in STAGES:
            yield "stage", f"stage“{stage}”不认识，只用：{'、'.join(STAGES)}"
    if card.urgency not in (1, 2, 3):
        yield "urgency", "urgency 只能是 1、2、3（3 最急）"
    if card.refusal not in ("", "callback", "stop"):
        yield "title", "refusal 只能是 callback（可约回访）或 stop（不再联系），或不写"
    if card.reviewed > today:
        yield "reviewed", f"reviewed {card.reviewed} 在未来，请写实际复核日期"
    if not card.facts:
        yield "facts", "没有引用任何事实，请至少引用一条"
    facts = []
    for fact_id in card.facts:
        fact = corpus.facts.get(fact_id)
        if fact is None:
            yield "facts", f"事实 {fact_id} 不存在，请核对 corpus/facts/"
        elif fact.rumour:
            yield "facts", f"{fact_id} 是未经证实的传闻，不能引用，请换一条"
        elif not fact.in_force(today):
            yield "facts", f"{fact_id} 在 {today} 不生效（{fact.valid_from} 至 {fact.valid_to or '今'}），请换成现行的事实"
        else:
            facts.append(fact)
    if len(card.say) != RUNGS:
        yield "say0", f"“说”要正好 {RUNGS} 句，现在是 {len(card.say)} 句"
    if len({folded(line) for line in card.say}) < len(card.say):
        yield "say0", "“说”里有两句一样，请换个角度重写"
    for i, line in enumerate(card.say):
        for message in spoken(line, facts, corpus.redlines, ANYWHERE):
            yield f"say{i}", message
    for message in spoken(card.ask, facts, corpus.redlines, ANYWHERE):
        yield "ask", message
    yield from _check_variants(card, facts, corpus)
    if not card.ask.endswith(_QUESTION):
        yield "ask", f"“问”要以问号结尾：{card.ask}"
    if len(card.points) != 3:
        yield "points0", f"“为什么”要正好 3 点，现在是 {len(card.points)} 点"
    for i, never in enumerate(card.never):
        if never.basis not in corpus.redlines and never.basis not in corpus.facts:
            yield f"never{i}", f"“{never.basis}”既不是红线也不是事实的编号，请写 RL-01 这样的编号"
    if len(card.phrasings) < MIN_PHRASINGS:
        yield "phrasings0", f"“客户会说”只有 {len(card.phrasings)} 句，至少 {MIN_PHRASINGS} 句"


def _check_phrasings(texts: Iterable[CardText]) -> Iterable[Problem]:
    """A phrasing may stand once in the whole corpus: in two cards it teaches the index to guess."""
    seen: dict[str, Card] = {}
    for text in texts:
        for i, phrasing in enumerate(text.card.phrasings):
            key, line = folded(phrasing), text.line(f"phrasings{i}")
            if not key:
                yield Problem(text.card.path, line, f"“{phrasing}”没有文字，请删掉")
            elif key in seen:
                yield Problem(text.card.path, line, f"“{phrasing}”在 {seen[key].path} 里已经有了，请只留一处")
            seen.setdefault(key, text.card)


def _check_off_topic(reading: Reading) -> Iterable[Problem]:
    """A line cannot be both answered and declined."""
    ours = {folded(line): card.path for card in reading.corpus.cards.values() for line in card.phrasings}
    for kind, lines in reading.corpus.off_topic.items():
        for number, line in enumerate(lines, 1):
            if folded(line) in ours:
                yield Problem(f"corpus/off_topic/{kind}.txt", number, f"“{line}”在 {ours[folded(line)]} 里要回答，请只留一处")


def _check_facts(corpus: Corpus) -> Iterable[Problem]:
    for fact in corpus.facts.values():
        place = "corpus/facts/"
        if fact.confidence not in CONFIDENCES:
            yield Problem(place, 0, f"{fact.id} 的 confidence“{fact.confidence}”不认识，只用：{'、'.join(CONFIDENCES)}")
        if fact.speak and (fact.confidence != "高" or fact.check or fact.rumour):
            yield Problem(place, 0, f"{fact.id} 置信不是“高”或还待人工核对，speak 要清空")
        for figure in fact.speak:
            if figure not in fact.statement:
                yield Problem(place, 0, f"{fact.id} 的 speak“{figure}”在 statement 里找不到，请照原文写")
        if floating.tabled(fact) and not set(floating.ratios({fact.id: fact}).get(fact.id, ("",))) <= set(fact.speak):
            yield Problem(place, 0, f"{fact.id} 是浮动比率，statement 要照原来的句式写，比率都列进 speak，/float 才读得出来")
        if fact.valid_to is not None and fact.valid_to < fact.valid_from:
            yield Problem(place, 0, f"{fact.id} 的 valid_to 早于 valid_from，请改正")
    for rule in corpus.redlines.values():
        place = "corpus/redlines.toml"
        for basis in rule.basis:
            if basis not in corpus.facts:
                yield Problem(place, 0, f"{rule.id} 的依据 {basis} 不存在，请核对 corpus/facts/")
        if len(rule.rewrite) > MAX_RUNG:
            yield Problem(place, 0, f"{rule.id} 的 rewrite 超过 {MAX_RUNG} 字，请缩短")
        for broken in guard.breaks(rule.rewrite, corpus.redlines):
            yield Problem(place, 0, f"{rule.id} 的 rewrite 自己碰了红线 {broken.rule}（{broken.quote}），请改写")


def lint(reading: Reading, today: date) -> tuple[Problem, ...]:
    """Every problem of the corpus on that day, those met while reading first. Empty means fit to be told."""
    problems = list(reading.problems)
    seen: dict[str, str] = {}
    for text in reading.texts:
        card = text.card
        if card.id in seen:
            problems.append(Problem(card.path, text.line("id"), f"id {card.id} 已在 {seen[card.id]} 用过，请换一个"))
        seen.setdefault(card.id, card.path)
        for part, message in _check_card(text, reading.corpus, today):
            problems.append(Problem(card.path, text.line(part), message))
    problems.extend(_check_phrasings(reading.texts))
    problems.extend(_check_off_topic(reading))
    problems.extend(_check_facts(reading.corpus))
    return tuple(problems)
