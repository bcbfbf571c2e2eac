"""改话术: a manager changes a line once, for everybody; the old one can be recalled."""
from __future__ import annotations

from datetime import timedelta

from assistant import overlay, render
from assistant import recall as thinking
from assistant.desk import Desk
from assistant.domain import Card, Edit, Incoming, Line, Message
from assistant.knowledge import lint
from assistant.places import ANYWHERE
from assistant.store import Store

USAGE = "请写成：改话术 价格太高 2 新的一句（第几句 1 到 3；写“撤回”就恢复文件里的那句）"
BACK = ("撤回", "恢复")
SHORTEST = 6  # characters of a line that says something
DAYS = timedelta(days=thinking.DAYS)


def wrong(line: str, card: Card, desk: Desk, incoming: Incoming) -> tuple[str, ...]:
    """Everything that keeps a line from being told: the lint of the files, then the guard with both layers."""
    today = desk.as_of or incoming.at.date()
    facts = [desk.corpus.facts[fact] for fact in card.facts if fact in desk.corpus.facts and desk.corpus.facts[fact].in_force(today)]
    if len(line) < SHORTEST:
        return (f"这一句只有 {len(line)} 个字，说不成一句话，请写完整",)
    found = dict.fromkeys(lint.spoken(line, facts, desk.corpus.redlines, ANYWHERE))
    if not found:
        found |= dict.fromkeys(render.broken(one, desk.corpus) for one in desk.guard(line))
    return tuple(found)


def fix(incoming: Incoming, desk: Desk, rest: str) -> Message:
    """Checks the line, keeps it with its author, tells it from now on, and says who was given the old one."""
    name, _, tail = rest.partition(" ")
    number, _, line = tail.strip().partition(" ")
    card = desk.corpus.card(name)
    if name and card is None:
        return Message((Line("note", f"没有「{name}」这张卡，请写卡片的标题或编号。{USAGE}"),))
    if card is None or not number.isdigit() or not 1 <= int(number) <= len(card.say) or not line.strip():
        return Message((Line("note", USAGE),))
    line, rung = line.strip(), int(number)
    edit = Edit(card.id, rung, "" if line in BACK else line)
    if edit.line and (problems := wrong(edit.line, card, desk, incoming)):
        return Message((Line("warning", "这句没有存："), *(Line("why", problem) for problem in problems)))
    old = card.say[rung - 1]
    with desk.store.together():
        desk.store.add_edit(edit, incoming.person, incoming.at)
        desk.store.audit(incoming.person, "fix", f"{card.id}#{rung}", incoming.at)
        overlay.lay(desk.corpus, edit)
        desk.store.see_lines(thinking.lines(desk.corpus), incoming.at)
    given = _given(desk.store, f"{card.id}#{rung}", incoming)
    note = f"近 {thinking.DAYS} 天有 {given} 人听过旧的那句；要告诉他们：/recall {card.id}#{rung} 更正的话" if given else "旧的那句近来没人用过。"
    told = "从现在起都用这句" if edit.line else "恢复成文件里的这句"
    return Message((Line("say", desk.corpus.cards[card.id].say[rung - 1]),
                    Line("note", f"「{card.title}」第 {rung} 句{told}。刚才是：{old}"), Line("note", note)))


def _given(store: Store, wanted: str, incoming: Incoming) -> int:
    found = thinking.target(wanted)
    return len(thinking.by_person(store.given(found, incoming.at - DAYS))) if found else 0
