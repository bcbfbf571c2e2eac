"""The same search as a langchain retriever, for whoever builds chains on it. Imported only when asked for."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from assistant.domain import Card


class HybridRetriever(BaseRetriever):
    """Cards as documents, best first: the say-lines as text; id, score, similarity and facts as metadata.

    `search` is an opened `Searcher`, `cards` the corpus's cards by id. At most `k` documents; none where the search
    declines.
    """

    search: Any
    cards: Mapping[str, Card]
    k: int = 3

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.search(query)
        if found.grounding == "none":
            return []
        return [Document(page_content="\n".join(self.cards[hit.card_id].say), id=hit.card_id, metadata={
            "card": hit.card_id, "title": self.cards[hit.card_id].title, "score": hit.score, "similarity": hit.similarity,
            "grounding": str(found.grounding), "facts": list(self.cards[hit.card_id].facts)})
            for hit in found.hits[:self.k]]
