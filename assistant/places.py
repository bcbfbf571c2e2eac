"""Which facts hold where: region, energy and channel of a fact against those of the agent and the customer. Pure."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum

from assistant.domain import Fact, Place

ENERGIES = {"fuel": "燃油车", "nev": "新能源车"}
CHANNELS = {"insurer": "保险公司", "dealer": "4S 店", "intermediary": "中介"}
SCOPES = (*ENERGIES, *CHANNELS)
EVERYWHERE = "全国"
ANYWHERE = Place()  # nothing is known of it
_NAMED = {"fuel": "燃油|油车|汽油", "nev": "新能源|电车|电动|纯电|插混", "dealer": "4S|车行|经销商", "insurer": "保险公司",
          "intermediary": "中介|代理"}
_CLASS = re.compile(r"([A-E])类地区")
_TYPED_CHANNEL = {"dealer": "4s|4s店|车行|经销商|4s 店", "insurer": "保险公司|保司|直营|电销|直销",
                  "intermediary": "中介|代理|代理人|经纪|经纪人|专业中介"}
_TYPED_ENERGY = {"fuel": "fuel|油车|燃油|燃油车|汽油车|柴油车", "nev": "nev|新能源|新能源车|电车|电动车|纯电|插混|增程"}
_SUFFIX = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$")


class Fit(Enum):
    """Whether a fact holds in a place; UNKNOWN where the place is not known well enough."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


def _one(limit: tuple[str, ...], value: str) -> Fit:
    if "all" in limit:
        return Fit.YES
    return Fit.UNKNOWN if not value else Fit.YES if value in limit else Fit.NO


def _region(fact: Fact, place: Place) -> Fit:
    if EVERYWHERE in fact.region:
        return Fit.YES
    if not place.regions:
        return Fit.UNKNOWN
    inside = [region in fact.region for region in place.regions]
    return Fit.YES if all(inside) else Fit.UNKNOWN if any(inside) else Fit.NO


def fit(fact: Fact, place: Place) -> Fit:
    """Whether the fact holds in that place (its dates are another matter)."""
    fits = (_region(fact, place), _one(fact.energy, place.energy), _one(fact.channel, place.channel))
    return Fit.NO if Fit.NO in fits else Fit.UNKNOWN if Fit.UNKNOWN in fits else Fit.YES


def backs(fact: Fact, place: Place, line: str) -> bool:
    """Whether the fact may support what `line` says there: it surely holds, or the line itself names where it does."""
    found = fit(fact, place)
    if found is not Fit.UNKNOWN:
        return found is Fit.YES
    named = Place(place.regions or tuple(region for region in fact.region if region in line),
                  place.energy or _named(fact.energy, line), place.channel or _named(fact.channel, line))
    return fit(fact, named) is Fit.YES


def _named(limit: tuple[str, ...], line: str) -> str:
    return next((value for value in limit if value in _NAMED and re.search(_NAMED[value], line)), "")


def limits(fact: Fact) -> str:
    """Where the fact holds, for people: 燃油车, 内蒙古等4地, 保险公司; empty where it holds everywhere."""
    parts = []
    if EVERYWHERE not in fact.region:
        parts.append("、".join(fact.region) if len(fact.region) < 3 else f"{fact.region[0]}等{len(fact.region)}地")
    parts += ["或".join(CHANNELS.get(item, item) for item in fact.channel)] if "all" not in fact.channel else []
    parts += ["或".join(ENERGIES.get(item, item) for item in fact.energy)] if "all" not in fact.energy else []
    return " · ".join(parts)


def classes(facts: Iterable[Fact]) -> Mapping[str, Fact]:
    """The 交强险 classes A-E and the fact that defines each, read from the facts' topics (E类地区下浮)."""
    return {found[1]: fact for fact in facts if not fact.rumour and (found := _CLASS.match(fact.topic))}


def region(text: str, facts: Iterable[Fact]) -> str | None:
    """The province (广东省 is 广东), one of the five cities with their own entry, or the class letter that was typed."""
    known = classes(facts)
    letter = text.strip().upper().removesuffix("地区").removesuffix("类")
    if letter in known:
        return letter
    name = _SUFFIX.sub("", text.strip())
    return name if any(name in fact.region for fact in known.values()) else None


def channel(text: str) -> str | None:
    """insurer, dealer or intermediary, from the word or from the Chinese ones (4S店, 电销, 代理)."""
    return _typed(text, _TYPED_CHANNEL)


def energy(text: str) -> str | None:
    """fuel or nev, from the word or from the Chinese ones (油车, 新能源)."""
    return _typed(text, _TYPED_ENERGY)


def _typed(text: str, words: Mapping[str, str]) -> str | None:
    text = text.strip().lower()
    return next((value for value, names in words.items() if text == value or text in names.split("|")), None)


def place(region: str, energy: str, channel: str, facts: Iterable[Fact]) -> Place:
    """The place from a profile's region (a province or a class letter; "" is unknown), energy and channel."""
    known = classes(facts)
    return Place(known[region].region if region in known else (region,) if region else (), energy, channel)


def scope_place(scope: str, fact: Fact | None) -> Place:
    """The place in which a card's variant is told: an energy, a channel, or wherever the fact surely holds."""
    if fact is None:
        return Place(energy=scope if scope in ENERGIES else "", channel=scope if scope in CHANNELS else "")
    return Place(() if EVERYWHERE in fact.region else fact.region, *("" if "all" in limit else limit[0]
                                                                     for limit in (fact.energy, fact.channel)))
