"""Answers to a tap and to an inline query: each query is answered once and soon."""
from __future__ import annotations

import re
from typing import Any

from assistant.fakeapi.markup import utf16
from assistant.fakeapi.messages import inline_content
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import QUERY_TOO_OLD, bad, not_modelled
from assistant.fakeapi.world import Json, World

MAX_NOTICE = 200
MAX_RESULTS = 50
MAX_RESULT_ID = 64  # bytes


def answer_callback_query(world: World, params: Params) -> bool:
    """answerCallbackQuery."""
    query = world.take_query(params.text("callback_query_id"), "callback")
    if query is None:
        raise bad(QUERY_TOO_OLD)
    if utf16(params.text("text")) > MAX_NOTICE:
        raise bad("MESSAGE_TOO_LONG")
    if params.text("url"):
        raise not_modelled("answerCallbackQuery with url")
    query.answer = {"text": params.text("text"), "alert": params.flag("show_alert")}
    return True


def answer_inline_query(world: World, params: Params) -> bool:
    """answerInlineQuery: articles with text, the only kind this fake models."""
    given = params.json("results", "can't parse inline query results JSON object")
    if not isinstance(given, list):
        raise bad("expected an Array of inline query results")
    results = [_result(world, one) for one in given]
    button = params.json("button", "can't parse inline query results button JSON object")
    if button is not None:
        _refuse_button(button)
    query = world.take_query(params.text("inline_query_id"), "inline")
    if query is None:
        raise bad(QUERY_TOO_OLD)
    if len(results) > MAX_RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    ids = [result["id"] for result in results]
    if not all(1 <= len(one.encode()) <= MAX_RESULT_ID for one in ids):
        raise bad("RESULT_ID_INVALID")
    if len(set(ids)) != len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    if len(params.text("next_offset").encode()) > 64:
        raise bad("NEXT_OFFSET_INVALID")
    query.answer = {"results": results, "cache_time": params.integer("cache_time", 300, low=0),
                    "is_personal": params.flag("is_personal"), "button": button}
    return True


def _result(world: World, given: Any) -> Json:
    what = "can't parse inline query result: "
    if not isinstance(given, dict):
        raise bad(f"{what}expected an Object")  # our wording
    if given.get("type") != "article":
        kind = given.get("type", "")
        if kind in ("photo", "gif", "document", "audio", "voice", "video", "contact", "location", "venue", "game",
                    "sticker", "mpeg4_gif"):
            raise not_modelled(f"inline results of type {kind}")
        raise bad(f'{what}type "{kind}" is unsupported for the inline query result')
    for name in ("id", "title"):
        if not isinstance(given.get(name), str):
            raise bad(f'{what}Can\'t find field "{name}"')
    content, markup = inline_content(world, given)
    return {"id": given["id"], "title": given["title"], "description": given.get("description", ""),
            "content": content, "markup": markup}


def _refuse_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")):
        raise bad('can\'t parse inline query results button: Can\'t find field "text"')
    start = button.get("start_parameter")
    if start is None and "web_app" not in button:
        raise bad("can't parse inline query results button: Button must have exactly one action")  # our wording
    if start is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(start)):
        raise bad("START_PARAM_INVALID")
