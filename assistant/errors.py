"""Errors whose message tells a person, in one Chinese sentence, what is wrong and what to do."""
from __future__ import annotations


class CoachError(Exception):
    """Shown as it stands; never a traceback. The exit status of the command line is 2."""


class ConfigError(CoachError):
    """config.toml or an environment variable cannot be used."""


class CorpusError(CoachError):
    """A card, a fact or a red line cannot be read."""


class IndexBusy(CoachError):
    """Another process owns the index."""


class StoreError(CoachError):
    """The log cannot be read or written; what it already holds is untouched."""
