"""Every method that the fake models, by its lower-case name, and the known ones that it does not."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.fakeapi import messages, polls, profile, queries
from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import Refusal, not_modelled
from assistant.fakeapi.world import World

Method = Callable[[World, Params], Any]

METHODS: dict[str, Method] = {
    "answercallbackquery": queries.answer_callback_query,
    "answerinlinequery": queries.answer_inline_query,
    "copymessage": messages.copy_message,
    "deletemessage": messages.delete_message,
    "deletemessages": messages.delete_messages,
    "deletemycommands": profile.delete_my_commands,
    "editmessagereplymarkup": messages.edit_message_reply_markup,
    "editmessagetext": messages.edit_message_text,
    "forwardmessage": messages.forward_message,
    "getchat": profile.get_chat,
    "getchatadministrators": profile.get_chat_administrators,
    "getchatmember": profile.get_chat_member,
    "getchatmembercount": profile.get_chat_member_count,
    "getme": profile.get_me,
    "getmycommands": profile.get_my_commands,
    "getmydescription": profile.get_text("description"),
    "getmyname": profile.get_text("name"),
    "getmyshortdescription": profile.get_text("short_description"),
    "leavechat": messages.leave_chat,
    "sendchataction": messages.send_chat_action,
    "sendmessage": messages.send_message,
    "sendmessagedraft": messages.send_message_draft,
    "sendpoll": polls.send_poll,
    "setmessagereaction": messages.set_message_reaction,
    "setmycommands": profile.set_my_commands,
    "setmydescription": profile.set_text("description"),
    "setmyname": profile.set_text("name"),
    "setmyshortdescription": profile.set_text("short_description"),
    "stoppoll": polls.stop_poll,
}
UNMODELLED = frozenset({
    "answerprecheckoutquery", "answershippingquery", "answerwebappquery", "approvechatjoinrequest", "banchatmember",
    "close", "copymessages", "createchatinvitelink", "createforumtopic", "createinvoicelink",
    "declinechatjoinrequest", "editmessagecaption", "editmessagechecklist", "editmessagelivelocation",
    "editmessagemedia", "exportchatinvitelink", "forwardmessages", "getchatmenubutton", "getcustomemojistickers",
    "getfile", "getgamehighscores", "getmydefaultadministratorrights", "getuserprofilephotos", "logout",
    "pinchatmessage", "promotechatmember", "restrictchatmember", "savepreparedinlinemessage", "sendanimation",
    "sendaudio", "sendchecklist", "sendcontact", "senddice", "senddocument", "sendgame", "sendinvoice",
    "sendlivephoto", "sendlocation", "sendmediagroup", "sendpaidmedia", "sendphoto", "sendsticker", "sendvenue",
    "sendvideo", "sendvideonote", "sendvoice", "setchatdescription", "setchatmenubutton", "setchatphoto",
    "setchattitle", "setmydefaultadministratorrights", "stopmessagelivelocation", "unbanchatmember",
    "unpinallchatmessages", "unpinchatmessage",
})


def method_named(name: str) -> Method:
    """The method, in any case. Telegram knows no other: 404; one that only the fake does not know: 501."""
    found = METHODS.get(name.lower())
    if found is not None:
        return found
    if name.lower() in UNMODELLED:
        raise not_modelled(name)
    raise Refusal(404, "Not Found: method not found")
