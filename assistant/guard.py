"""May this be said? Red lines in two layers, and the figures of a line against the facts that support them.

Pure and deterministic. The first layer is `corpus/redlines.toml`, which a compliance officer changes without code:
`patterns` break a rule by themselves, `hints` are words that often do and count once the second layer agrees. The second
layer (assistant.knowledge.likeness) judges how much a line is like the labelled lines that break a rule: it finds what
no list foresees, and tells 送您油卡 from 送油卡违规.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.domain import Fact, RedLine

_SUPERLATIVE = re.compile(
    "最(?:低|便宜|好|划算|优惠|专业|全|强|佳|省|快|靠谱|安全)|第一(?:名|家|品牌)|全(?:市|国|网|行业)第一|唯一|绝对(?!免赔)|百分之?百|100%|顶级|独家"
    "|保证|包(?:赔|过|你|您)|(?:肯定|一定|必然|必定)(?:能|会)?(?:赔|涨|降|便宜)|全赔|都能赔|什么都赔"
)
_CHINESE_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_SCALE = {"亿": 100_000_000, "万": 10_000, "千": 1000, "百": 100, "": 1}
_MEASURES = {"元": "元", "块": "元", "天": "日", "日": "日", "小时": "小时", "钟头": "小时", "分钟": "分钟", "年": "年",
             "个月": "月", "月": "月", "倍": "倍", "成": "成", "折": "折", "次": "次", "级": "级", "档": "档", "%": "%",
             "％": "%", "座": "座", "公里": "公里", "岁": "岁", "个点": "点", "点": "点", "期": "期", "吨": "吨"}
_MEASURE = "|".join(sorted(_MEASURES, key=len, reverse=True))
_ARABIC = re.compile(rf"(?P<value>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[万亿千百]?)\s*(?:多|来|余)?(?P<unit>{_MEASURE})?")
_HAN = "零〇一二两三四五六七八九十百千万亿"
_CHINESE = re.compile(rf"(?P<percent>百分之)?(?P<value>[{_HAN}]+(?:点[{_HAN}]+)?)(?:多|来|余|几)?(?P<unit>{_MEASURE})?")
# Ordinary words in which a numeral counts nothing that a fact would have to support.
_IDIOMS = re.compile(
    "(?<![二两三四五六七八九十百千万\\d])一(?![二两三四五六七八九十百千万亿成倍折])(?!点[一二三四五六七八九])(?!个月|个点|小时|分钟|块钱|次险|次性?赔|级)."
    "|(?<![十百千万\\d])[两三几四](?:个(?!月|点|小时)|项|块(?!钱)|条|样|点(?!\\d)|边|份|家|种|方|者|张|笔|类|部分|件|头|本|难|清|句|辆|台|字|眼|回|趟|下)"
    "|零(?:件|部件|整比|钱|头|散)|清零|归零|三者|第[一二三四五]|三[电责]|二[手维次]|万[一分]|(?<![一二两三四五六七八九十百\\d])千万|十[分足]|统一|单一|唯一|万事|万能"
    "|[同逐之专不]一|三言两语|百[姓忙]|千[差篇]|五花八门|一[五四]一十|七上八下|四[处周]"
)

_NUMBERED = re.compile(r"(?:证号|编号|工号)(?:是|为)?[:：]?\s*[A-Za-z\d-]+")  # the number of a licence or a person counts nothing


RULES, LIKENESS = "rules", "likeness"  # the layers
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
_CLAUSE = re.compile(r"(?:[^，。！？；、,.!?;\s]|(?<=\d)[.,](?=\d))+")
_WINDOW = 60  # characters judged at once: the labelled lines are of one or two sentences
_MOST_WINDOWS = 40
_CLAUSES = 4
_FAR = 0.1  # a rule's probability under which a hint's word alone does not name it
_SHORT = 20  # characters of a clause that is quoted whole


@dataclass(frozen=True, slots=True)
class Break:
    """A rule broken: its id, the exact words, the law behind it, a line that may be said instead, and the layer
    that spoke (RULES or LIKENESS)."""

    rule: str
    quote: str
    basis: str
    rewrite: str
    layer: str = RULES


@dataclass(frozen=True, slots=True)
class Likely:
    """What the second layer thinks of a line: the probability, 0..1, that it breaks any rule, and that it breaks each."""

    any: float
    rules: Mapping[str, float]


Likeness = Callable[[str], Likely]


@dataclass(frozen=True, slots=True)
class Limits:
    """Probabilities from which the second layer speaks by itself, and confirms a hint; fitted by evals/guard.py."""

    alone: float = 0.5
    hint: float = 0.2


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _first(text: str, patterns: Iterable[str], allowed: Sequence[tuple[int, int]]) -> str | None:
    """The first match of any pattern outside the allowed stretches, or None."""
    for pattern in patterns:
        for match in _compiled(pattern).finditer(text):
            if not any(a <= match.start() < b or a < match.end() <= b for a, b in allowed):
                return match.group()
    return None


def _allowed(text: str, rule: RedLine) -> tuple[tuple[int, int], ...]:
    return tuple(match.span() for pattern in rule.allow for match in _compiled(pattern).finditer(text))


def patterned(text: str, rule: RedLine) -> str | None:
    """The words of `text` that break the rule by themselves, or None."""
    return _first(text, rule.patterns, _allowed(text, rule))


def hinted(text: str, rule: RedLine) -> str | None:
    """The words of `text` that often break the rule, or None."""
    return _first(text, rule.hints, _allowed(text, rule))


def breaks(text: str, redlines: Mapping[str, RedLine]) -> tuple[Break, ...]:
    """The red lines that `text`, said by an agent, may break by its wording, hints counted too: strict, for lines that we
    store. One entry a rule, in the rules' order."""
    found = []
    for rule in redlines.values():
        quote = patterned(text, rule) or hinted(text, rule)
        if quote is not None:
            found.append(Break(rule.id, quote, rule.legal, rule.rewrite))
    return tuple(found)


def _windows(text: str) -> tuple[str, ...]:
    """Whole sentences gathered into stretches of at most `_WINDOW` characters; longer sentences are cut."""
    found, current = [], ""
    for sentence in _SENTENCE.findall(text):
        for start in range(0, len(sentence), _WINDOW):
            piece = sentence[start:start + _WINDOW]
            if current and len(current) + len(piece) > _WINDOW:
                found.append(current)
                current = ""
            current += piece
    return tuple(window for window in (*found, current) if any(char.isalnum() for char in window))[:_MOST_WINDOWS]


def clauses(text: str) -> tuple[str, ...]:
    """What stands between two marks of punctuation, in order."""
    return tuple(_CLAUSE.findall(text))


def _worst_clause(window: str, rule: str, likeness: Likeness) -> str:
    """The clause most like a break of the rule, for the quote; the whole window where it is one piece."""
    parts = clauses(window)
    if not 1 < len(parts) <= _CLAUSES:
        return window.strip()
    return max(parts, key=lambda clause: likeness(clause).rules.get(rule, 0.0))


def _in_context(words: str, window: str) -> str:
    """Matched words with the clause around them, where that is short: 我私下返您三百 says more than 返您."""
    around = next((clause for clause in clauses(window) if words in clause), words)
    return around if len(around) <= _SHORT else words


def _worded(window: str, redlines: Mapping[str, RedLine], likely: Likely, limits: Limits) -> dict[str, str]:
    """Rule -> the words that break it: patterns, and hints where the second layer agrees. A hint of a rule that the second
    layer thinks far off is passed over where a likelier one is there (我给您返三百 is a gift, no price)."""
    words = {rule.id: quote for rule in redlines.values() if (quote := patterned(window, rule)) is not None}
    if likely.any < limits.hint:
        return words
    hints = {rule.id: quote for rule in redlines.values() if rule.id not in words and (quote := hinted(window, rule)) is not None}
    near = {rule: quote for rule, quote in hints.items() if likely.rules.get(rule, 0.0) >= _FAR}
    return words | (near or ({} if words else hints))


def check(text: str, redlines: Mapping[str, RedLine], likeness: Likeness, limits: Limits) -> tuple[Break, ...]:
    """The red lines that an agent would break by saying `text`, one entry a rule, in the rules' order; empty: may be said.

    A pattern decides by itself. A hint needs the second layer's agreement. The second layer alone needs a higher
    probability, and then names its likeliest rules.
    """
    found: dict[str, Break] = {}
    for window in _windows(text):
        likely = likeness(window)
        for rule, quote in _worded(window, redlines, likely, limits).items():
            found.setdefault(rule, Break(rule, _in_context(quote, window), redlines[rule].legal, redlines[rule].rewrite))
        if likely.any >= limits.alone:
            ranked = sorted((rule for rule in likely.rules if rule in redlines), key=lambda rule: -likely.rules[rule])
            for place, rule in enumerate(ranked):
                if rule not in found and (likely.rules[rule] >= 0.5 or (place == 0 and not found)):
                    found[rule] = Break(rule, _worst_clause(window, rule, likeness), redlines[rule].legal,
                                        redlines[rule].rewrite, LIKENESS)
    return tuple(found[rule] for rule in redlines if rule in found)


def superlative(text: str) -> str | None:
    """The first superlative or promise in `text`, or None."""
    found = _SUPERLATIVE.search(text)
    return found.group() if found else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its unit as normalised (元, 日, 小时, 年, %, ...); the unit is "" where the line names none."""

    value: float
    unit: str

    def fits(self, other: Figure) -> bool:
        """Whether both mean the same figure; a missing unit fits any."""
        return self.value == other.value and (self.unit == other.unit or not self.unit or not other.unit)


def _chinese_value(numeral: str) -> float | None:
    whole, _, fraction = numeral.partition("点")
    scale = _SCALE[fraction[-1]] if fraction[-1:] in ("万", "亿", "千", "百") else 1
    fraction = fraction.rstrip("万亿千百")
    total, section, digit = 0.0, 0, 0
    for char in whole:
        if char in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[char]
        elif char in _CHINESE_UNITS:
            section += (digit or 1) * _CHINESE_UNITS[char]
            digit = 0
        else:
            total = (total + section + digit or 1) * _SCALE[char]
            section = digit = 0
    if fraction and any(char not in _CHINESE_DIGITS for char in fraction):
        return None
    value = total + section + digit
    if fraction:
        value += float("0." + "".join(str(_CHINESE_DIGITS[char]) for char in fraction))
    return value * scale


def figures(text: str) -> tuple[Figure, ...]:
    """All figures in `text`: 1.8万元 is 18000 元, 30% and 百分之三十 are 30 %; idioms (一下, 三者) are none."""
    found: list[Figure] = []

    def arabic(match: re.Match[str]) -> str:
        value = float(match["value"].replace(",", "")) * _SCALE[match["scale"]]
        found.append(Figure(round(value, 6), _MEASURES.get(match["unit"] or "", "")))
        return "　" * len(match.group())

    rest = _IDIOMS.sub(lambda match: "　" * len(match.group()), _ARABIC.sub(arabic, _NUMBERED.sub("　", text)))
    for match in _CHINESE.finditer(rest):
        value = _chinese_value(match["value"])
        if value is not None:
            unit = "%" if match["percent"] else _MEASURES.get(match["unit"] or "", "")
            found.append(Figure(round(value, 6), unit))
    return tuple(found)


def unsupported(text: str, facts: Iterable[Fact]) -> tuple[Figure, ...]:
    """Figures in `text` that no given fact lets an agent say aloud (its `speak` list)."""
    spoken = [figure for fact in facts for line in fact.speak for figure in figures(line)]
    return tuple(figure for figure in figures(text) if not any(figure.fits(known) for known in spoken))
