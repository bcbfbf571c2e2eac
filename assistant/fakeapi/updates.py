"""Updates on their way to the bot: one queue, fetched by long polling or pushed to a webhook, never both."""
from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from assistant.fakeapi.params import Params
from assistant.fakeapi.refusal import OTHER_POLLER, WEBHOOK_ACTIVE, Refusal, bad
from assistant.fakeapi.webhook import is_loopback, post_json

FIRST_ID = 100_000_001
LONGEST_POLL = 50  # seconds
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
PORTS = (80, 88, 443, 8443)
LONGEST_PAUSE = 60.0  # seconds between two tries of a webhook


class Updates:
    """The queue and its one reader. `network` says whether anything can leave, `touch` tells who waits of changes."""

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], Awaitable[Any]],
                 network: Callable[[], bool], touch: Callable[[], None]) -> None:
        self.now, self.sleep, self.network, self.touch = now, sleep, network, touch
        self.pending: list[dict[str, Any]] = []
        self.delivered = 0
        self.allowed: list[str] = []
        self.hook: dict[str, Any] = {}
        self.last_error: dict[str, Any] = {}
        self._next_id = FIRST_ID
        self._poller: asyncio.Future[None] | None = None
        self._wake = asyncio.Event()
        self._delivery: asyncio.Task[None] | None = None

    @property
    def polling(self) -> bool:
        """Whether somebody waits for updates right now."""
        return self._poller is not None and not self._poller.done()

    def push(self, kind: str, payload: dict[str, Any]) -> None:
        """Queues an update of a kind that the bot asked for; what it did not ask for never existed."""
        if self.allowed and kind not in self.allowed or not self.allowed and kind in NOT_BY_DEFAULT:
            return
        self.push_raw({kind: copy.deepcopy(payload)})

    def push_raw(self, update: dict[str, Any]) -> None:
        """Queues anything at all under the next update_id, also what Telegram would never send."""
        self.pending.append({"update_id": 0, **update} | {"update_id": self._next_id})
        self._next_id += 1
        self._wake.set()
        if self._poller is not None and self.polling:
            self._poller.set_result(None)

    async def get_updates(self, params: Params) -> list[dict[str, Any]]:
        """getUpdates: the older of two readers is sent away, a webhook sends everybody away."""
        if self.hook:
            raise Refusal(409, WEBHOOK_ACTIVE)
        self._allow(params)
        self._end_poll(OTHER_POLLER)
        self._forget(params.integer("offset"))
        timeout = params.integer("timeout", 0, 0, LONGEST_POLL)
        if not self.pending and timeout:
            self._poller = poller = asyncio.get_running_loop().create_future()
            self.touch()
            try:
                async with asyncio.timeout(timeout):
                    await poller
            except TimeoutError:
                pass
            finally:
                if self._poller is poller:
                    self._poller = None
                self.touch()
        return copy.deepcopy(self.pending[:params.integer("limit", 100, 1, 100)])

    def _allow(self, params: Params) -> None:
        try:
            asked = params.json("allowed_updates", "")
        except Refusal:
            return  # Telegram passes over what it cannot read
        if isinstance(asked, list):
            self.allowed = [kind for kind in asked if isinstance(kind, str)]

    def _forget(self, offset: int) -> None:
        if offset < 0:
            self._drop(max(0, len(self.pending) + offset))
        elif offset:
            self._drop(sum(update["update_id"] < offset for update in self.pending))

    def _drop(self, count: int) -> None:
        self.delivered += count
        del self.pending[:count]
        self.touch()

    def _end_poll(self, why: str) -> None:
        if self._poller is not None and self.polling:
            self._poller.set_exception(Refusal(409, why))

    def set_webhook(self, params: Params) -> bool:
        """setWebhook: https on Telegram's ports, or anything on loopback, which only a fake can reach."""
        url, secret = params.text("url"), params.text("secret_token")
        if not url:
            return self.delete_webhook(params)
        parts = urlsplit(url)
        if not is_loopback(parts.hostname or ""):
            if parts.scheme != "https":
                raise bad("bad webhook: An HTTPS URL must be provided for webhook")
            if (parts.port or 443) not in PORTS:
                raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if len(secret) > 256:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad("secret token contains unallowed characters")
        self._allow(params)
        if params.flag("drop_pending_updates"):
            self.pending.clear()
        self._end_poll("Conflict: terminated by setWebhook request")
        self.hook = {"url": url, "secret": secret, "max_connections": params.integer("max_connections", 40, 1, 100)}
        self.last_error = {}
        self._stop_delivery()
        self._delivery = asyncio.get_running_loop().create_task(self._deliver())
        return True

    def delete_webhook(self, params: Params) -> bool:
        """deleteWebhook."""
        if params.flag("drop_pending_updates"):
            self.pending.clear()
        self.hook = {}
        self._stop_delivery()
        return True

    def webhook_info(self) -> dict[str, Any]:
        """getWebhookInfo."""
        info: dict[str, Any] = {"url": self.hook.get("url", ""), "has_custom_certificate": False,
                                "pending_update_count": len(self.pending)}
        if self.hook:
            info |= {"max_connections": self.hook["max_connections"], **self.last_error}
        return info | ({"allowed_updates": self.allowed} if self.allowed else {})

    def close(self) -> None:
        """Stops the delivery and lets a waiting reader go."""
        self._stop_delivery()
        if self._poller is not None:
            self._poller.cancel()

    def _stop_delivery(self) -> None:
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None

    async def _deliver(self) -> None:
        """Sends the oldest update until it is taken, then the next."""
        pause = 1.0
        while True:
            if not self.pending:
                self._wake.clear()
                await self._wake.wait()
                continue
            update = self.pending[0]
            complaint = await self._post(update)
            if not complaint:
                pause = 1.0
                if self.pending and self.pending[0] is update:
                    self._drop(1)
                continue
            self.last_error = {"last_error_date": int(self.now()), "last_error_message": complaint}
            self.touch()
            await self.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _post(self, update: dict[str, Any]) -> str:
        """What went wrong, "" if nothing did."""
        if not self.network():
            return "Connection timed out"
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.hook["secret"]} if self.hook["secret"] else {}
        try:
            status = await post_json(self.hook["url"], json.dumps(update, ensure_ascii=False).encode(), headers)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            return str(error) or type(error).__name__
        return "" if 200 <= status < 300 else f"Wrong response from the webhook: {status}"
