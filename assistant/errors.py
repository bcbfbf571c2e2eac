"""Errors whose message tells a person, in one Chinese sentence, what is wrong and what to do."""
from __future__ import annotations

import errno

_REASONS = {errno.ENOENT: "没有这个目录或文件", errno.EACCES: "没有权限", errno.EPERM: "没有权限", errno.EROFS: "磁盘是只读的",
            errno.ENOSPC: "磁盘满了", errno.ENOTDIR: "路径里有一段不是目录", errno.EISDIR: "这是一个目录", errno.EEXIST: "已经有了",
            errno.ENAMETOOLONG: "名字太长"}


def why(error: OSError) -> str:
    """What the system refused, in a few words."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


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
