"""Lines that a manager has changed while the coach runs, laid over the cards of the files. The files stay as they are."""
from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from dataclasses import replace

from assistant.domain import Corpus, Edit


def over(corpus: Corpus, edits: Iterable[Edit] = ()) -> Corpus:
    """The corpus, ready for edits, with these over its cards."""
    live = replace(corpus, cards=ChainMap({}, dict(corpus.cards)))
    lay_all(live, edits)
    return live


def lay_all(live: Corpus, edits: Iterable[Edit]) -> None:
    """Lays the edits over the cards. An edit of a card or rung that is gone is passed over."""
    for edit in edits:
        lay(live, edit)


def lay(live: Corpus, edit: Edit) -> bool:
    """Lays one edit over a corpus made by `over`, at once for everybody who holds it; False where there is no such rung.
    An empty line gives the file's line back."""
    edited, files = live.cards.maps  # type: ignore[attr-defined]
    card = files.get(edit.card_id)
    if card is None or not 1 <= edit.rung <= len(card.say):
        return False
    say = list(live.cards[edit.card_id].say)
    say[edit.rung - 1] = edit.line or card.say[edit.rung - 1]
    edited[edit.card_id] = replace(card, say=tuple(say))
    return True
