"""What a person typed wrongly on the command line or in the settings, as one sentence that says what to do."""
from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

_REASONS = {
    "extra_forbidden": "没有这一项", "missing": "没有写", "int_parsing": "要写整数", "int_from_float": "要写整数",
    "int_type": "要写整数", "float_parsing": "要写数字", "float_type": "要写数字", "string_type": "要写文字，加引号",
    "string_too_short": "不能空着", "string_pattern_mismatch": "格式不对", "greater_than_equal": "不能小于 {ge}",
    "greater_than": "要大于 {gt}", "less_than_equal": "不能大于 {le}", "path_type": "要写路径，加引号",
}
_ENGLISH = (("greater than or equal to", "太小"), ("less than or equal to", "太大"), ("valid integer", "要写整数"),
            ("valid number", "要写数字"), ("requires an argument", "后面要跟一个值"), ("does not take a value", "后面不跟值"))


def reason(error: Mapping[str, Any]) -> str:
    """Why pydantic refused a value, from an entry of `ValidationError.errors()`."""
    return _REASONS.get(error["type"], "不是能用的值").format_map(error.get("ctx", {}))


def nearest(word: str, known: Iterable[str]) -> str:
    """`，是不是想写 ...` with the most similar known word, or nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"，是不是想写 {near[0]}" if near else ""


def sentence(error: Any) -> str:
    """A typer error as one sentence: what is wrong, and where to read how to write it; the help where nothing was typed."""
    context = getattr(error, "ctx", None)
    usage = f"看用法：{_path(context)} --help"
    param, name = getattr(error, "param", None), type(error).__name__
    if name == "NoArgsIsHelpError":  # nothing typed at all: the help is the answer
        return str(error)
    if name == "NoSuchOption":
        return f"没有 {error.option_name} 这个选项{nearest(error.option_name, _options(context))}。{usage}"
    if name == "MissingParameter" and param is not None:
        what = getattr(param, "help", None) or param.name
        return f"少写了一样：{what}。{usage}"
    message = str(getattr(error, "message", error))
    if message.startswith("No such command"):
        verb = message.split("'")[1] if "'" in message else ""
        return f"没有 {verb} 这个命令{nearest(verb, _verbs(context))}。{usage}"
    if "unexpected extra argument" in message:
        extra = message.partition("(")[2].partition("(")[2].rstrip(") ")
        return f"多写了 {extra}；一句话里有空格请加引号。{usage}"
    why = next((chinese for english, chinese in _ENGLISH if english in message), "看不懂")
    where = f"{param.opts[0]} 的值" if param is not None and param.opts else f"{getattr(error, 'option_name', '这样写')} "
    return f"命令没写对：{where}{why}。{usage}"


def _path(context: Any) -> str:
    names = []
    while context is not None and context.parent is not None:
        names.append(context.info_name)
        context = context.parent
    return " ".join(["coach", *reversed(names)])


def _options(context: Any) -> list[str]:
    return [name for param in context.command.params for name in param.opts] if context is not None else []


def _verbs(context: Any) -> list[str]:
    return list(getattr(context.command, "commands", ())) if context is not None else []
