"""Polls and quizzes: sendPoll, stopPoll, and what a vote does. Lengths are in characters, as TDLib counts them."""
from __future__ import annotations

from typing import Any

from assistant.fakeapi.keyboards import check_markup, read_markup
from assistant.fakeapi.markup import read_text
from assistant.fakeapi.messages import find_message, post, replied
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import bad
from assistant.fakeapi.world import Json, Poll, World

MAX_QUESTION = 300
MAX_OPTIONS = 12  # and at least one: Bot API 10.0 no longer asks for two
MAX_OPTION = 100
MAX_EXPLANATION = 200
MAX_LINE_FEEDS = 2


def send_poll(world: World, params: Params) -> Json:
    """sendPoll."""
    question, _ = read_text(params, "question", "question_parse_mode", "question_entities",
                            empty="text must be non-empty")
    options = _options(params.json("options", "can't parse options JSON object"), params)
    quiz = params.text("type") == "quiz"
    if params.text("type") not in ("", "regular", "quiz"):
        raise bad("unsupported poll type specified")
    explanation = _explanation(params) if quiz else {}
    correct = _correct(params) if quiz else []
    markup = read_markup(params)
    chat = world.chat_to_write(params)
    reply = replied(world, chat, params)
    _refuse_sizes(question, options)
    if quiz:
        _refuse_solution(correct, len(options), explanation.get("explanation", ""))
    check_markup(markup)
    body: Json = {
        "id": world.next_serial(), "question": question,
        "options": [{"persistent_id": str(place), "text": text} for place, text in enumerate(options)],
        "is_closed": params.flag("is_closed"), "is_anonymous": params.flag("is_anonymous", True),
        "type": "quiz" if quiz else "regular", "allows_multiple_answers": params.flag("allows_multiple_answers"),
        "allows_revoting": params.flag("allows_revoting", not quiz), "members_only": False,
    }
    if params.text("open_period"):
        body["open_period"] = params.integer("open_period", low=5, high=2_628_000)
    solution: Json = {}
    if quiz:
        solution = {"correct_option_ids": correct, **explanation}
        solution |= {"correct_option_id": correct[0]} if len(correct) == 1 else {}
    poll = Poll(body, chat.id, 0, solution)
    world.polls[body["id"]] = poll
    message = post(world, chat, {"poll": {"id": body["id"]}, **reply}, markup)
    poll.message_id = message["message_id"]
    return message


def _options(given: Any, params: Params) -> list[str]:
    if given is None:
        raise bad("can't parse options JSON object")
    if not isinstance(given, list):
        raise bad("expected an Array of InputPollOption")
    found = []
    for option in given:
        if isinstance(option, str):
            option = {"text": option}
        if not isinstance(option, dict):
            raise bad("can't parse InputPollOption: Expected InputPollOption to be an Object")
        if "text" not in option:
            raise bad('can\'t parse InputPollOption: Can\'t find field "text"')
        found.append(read_text(option, "text", "text_parse_mode", empty="text must be non-empty")[0])
    return found


def _explanation(params: Params) -> Json:
    text, entities = read_text(params, "explanation", "explanation_parse_mode", "explanation_entities", empty="")
    if not text:
        return {}
    return {"explanation": text, "explanation_entities": entities} if entities else {"explanation": text}


def _correct(params: Params) -> list[int]:
    given = params.json("correct_option_ids", "can't parse correct option identifiers JSON object")
    if given is None:
        return [params.integer("correct_option_id")] if params.text("correct_option_id") else []
    if not isinstance(given, list):
        raise bad("expected an Array of correct option identifiers")
    if not all(isinstance(place, int) for place in given):
        raise bad("correct option identifier must be of type Number")
    return given


def _refuse_sizes(question: str, options: list[str]) -> None:
    if len(question) > MAX_QUESTION:
        raise bad(f"poll question length must not exceed {MAX_QUESTION}")
    if not options:
        raise bad("poll must have at least one answer option")
    if len(options) > MAX_OPTIONS:
        raise bad(f"poll can't have more than {MAX_OPTIONS} options")
    if any(len(option) > MAX_OPTION for option in options):
        raise bad(f"poll options length must not exceed {MAX_OPTION}")


def _refuse_solution(correct: list[int], options: int, explanation: str) -> None:
    if not correct:
        raise bad("correct quiz option list must be non-empty")
    if any(later <= earlier for earlier, later in zip(correct, correct[1:], strict=False)):
        raise bad("correct quiz option list must be increasing")
    if not 0 <= correct[0] <= correct[-1] < options:
        raise bad("wrong quiz correct_option_id")
    if len(explanation) > MAX_EXPLANATION:
        raise bad(f"quiz explanation must have at most {MAX_EXPLANATION} characters")  # our wording
    if explanation.count("\n") > MAX_LINE_FEEDS:
        raise bad(f"quiz explanation must have at most {MAX_LINE_FEEDS} line feeds")  # our wording


def stop_poll(world: World, params: Params) -> Json:
    """stopPoll. The poll's last state comes as an update, too."""
    markup = read_markup(params, inline_only=True)
    _, message = find_message(world, params, "message with poll to stop not found")
    if "poll" not in message:
        raise bad("message is not a poll")
    if not world.from_bot(message):
        raise bad("poll can't be stopped")
    poll = world.polls[message["poll"]["id"]]
    if poll.body["is_closed"]:
        raise bad("poll has already been closed")
    check_markup(markup)
    message.pop("reply_markup", None)
    if markup:
        message["reply_markup"] = markup
    close(world, poll)
    return poll.shown()


def close(world: World, poll: Poll) -> None:
    """Closes it and tells the bot, as stopPoll or its time running out would."""
    poll.body["is_closed"] = True
    poll.body.pop("open_period", None)
    world.push("poll", poll.shown())


def cast(world: World, poll: Poll, person: int, chosen: tuple[int, ...]) -> None:
    """A person's answer, or no position to take it back. A ValueError says why the app would not let them."""
    if poll.body["is_closed"]:
        raise ValueError("the poll is closed")
    if len(chosen) > 1 and not poll.body["allows_multiple_answers"]:
        raise ValueError("the poll takes one answer")
    if any(place not in range(len(poll.body["options"])) for place in chosen):
        raise ValueError(f"the poll has {len(poll.body['options'])} options, from 0")
    if not poll.body["allows_revoting"] and (person in poll.votes or not chosen):
        raise ValueError("the answer cannot be changed")
    if poll.votes.get(person, ()) == chosen:
        return
    poll.votes[person] = chosen
    if not chosen:
        del poll.votes[person]
    if not poll.body["is_anonymous"]:
        ids = [poll.body["options"][place]["persistent_id"] for place in chosen]
        world.push("poll_answer", {"poll_id": poll.body["id"], "user": world.people[person], "option_ids": list(chosen),
                                   "option_persistent_ids": ids})
    world.push("poll", poll.shown())
