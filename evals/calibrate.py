"""Fits the weights of the legs and the grounding on the dev lines, and prints them for assistant/knowledge/rank.py.

    python -m evals.calibrate

Two small convex fits: a softmax over cards (how much each leg counts) and a logistic regression (is the best card right,
is the line ours at all). Only dev is read; test is never opened here.
"""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.knowledge import rank
from assistant.knowledge.search import Legs, Searcher
from assistant.knowledge.words import normalise
from evals.data import Query, load


def legs_of(searcher: Searcher, queries: Sequence[Query]) -> list[Legs]:
    """The legs of every query, as the product computes them."""
    texts = [normalise(query.q) for query in queries]
    return [searcher.legs(searcher.embedder.encode([text])[0], text) for text in texts]
