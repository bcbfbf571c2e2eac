"""资料: where the agent works, so that only what holds there is told."""
from __future__ import annotations

from assistant import places
from assistant.desk import Desk
from assistant.domain import Incoming, Line, Message

USAGE = "例如：/profile 地区 广东 渠道 4S（渠道写保险公司、4S 或中介；/profile 清空 恢复不限）"
UNKNOWN = "没看懂：{words}，这次没有改。地区写省份或 A 到 E 类，{usage}"
STRANGER = "名单里还没有您，资料没处记。请向主管要一个邀请链接。"
_LABELS = ("地区", "区域", "省份", "渠道")
_CLEAR = ("清空", "清除")


def _show(region: str, channel: str, facts) -> str:
    known = places.classes(facts)
    letter = next((letter for letter, fact in known.items() if region in fact.region), "")
    where = f"{region} 类地区" if region in known else f"{region}（交强险 {letter} 类）" if region else "未填，各地不同的话会注明"
    return f"地区：{where} · 渠道：{places.CHANNELS.get(channel, '未填')}"


def profile(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Shows the profile; with words, keeps the region and the channel they name. One unknown word changes nothing."""
    facts = tuple(desk.corpus.facts.values())
    region, channel = desk.store.profile(incoming.person)
    if not rest:
        return Message((Line("note", _show(region, channel, facts)), Line("note", f"要改，{USAGE}")))
    words, unknown = rest.replace("，", " ").replace(",", " ").replace("：", " ").replace(":", " ").split(), []
    if rest in _CLEAR:
        words, region, channel = [], "", ""
    for word in words:
        if word in _LABELS:
            continue
        if (found := places.region(word, facts)) is not None:
            region = found
        elif (found := places.channel(word)) is not None:
            channel = found
        else:
            unknown.append(word)
    if unknown:
        return Message((Line("note", UNKNOWN.format(words="、".join(unknown), usage=USAGE)),))
    if not desk.store.set_profile(incoming.person, region, channel):
        return Message((Line("note", STRANGER),))
    return Message((Line("note", f"记下了。{_show(region, channel, facts)}"),))
