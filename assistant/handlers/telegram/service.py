"""The running bot: builds python-telegram-bot's Application around the inbox and the courier, and starts and stops it."""
from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from telegram import InlineQueryResultsButton, User
from telegram.constants import ChatAction
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import AIORateLimiter, Application, TypeHandler
from telegram.request import HTTPXRequest

from assistant.config import Telegram
from assistant.desk import Desk
from assistant.domain import Role
from assistant.errors import CoachError, StoreError
from assistant.handlers import answer, listen, people, searches
from assistant.handlers.offer import offer
from assistant.handlers.telegram import face, leaving
from assistant.handlers.telegram.arriving import ALLOWED, Arrived
from assistant.handlers.telegram.courier import Courier, Pace
from assistant.handlers.telegram.exchange import CRASHED, Settled, apologise, remind, settle
from assistant.handlers.telegram.inbox import Inbox, Lanes, Polling
from assistant.journal import trace

_LOG = logging.getLogger(__name__)
NO_TOKEN = "还没有机器人的令牌。请找 @BotFather 领一个，再运行：export COACH_TELEGRAM_TOKEN=令牌"
BAD_TOKEN = "Telegram 不认这个令牌。请到 @BotFather 核对，重新设置环境变量 COACH_TELEGRAM_TOKEN 再启动。"
NO_NETWORK = "连不上 Telegram（{where}）。请检查网络；在国内要在 config.toml 的 [telegram] 里设好 proxy 再启动。"
BAD_PROXY = "代理 {proxy} 不能用（{why}）。请改好 config.toml 里 [telegram] 的 proxy，例如 http://127.0.0.1:7890。"
BAD_HOOK = "webhook 没设成（{why}）。请检查 config.toml 里 [telegram] 的 webhook_url、webhook_listen、webhook_port。"
NO_SECRET = "用 webhook 要先设环境变量 COACH_TELEGRAM_SECRET（字母、数字、下划线、连字符，16 到 256 位）。"
WRONG_SECRET = "环境变量 COACH_TELEGRAM_SECRET 不合格式：只能用字母、数字、下划线、连字符，16 到 256 位。请改好再启动。"
NO_HTTPS = "webhook_url 必须以 https:// 开头（Telegram 只往 https 送）。请改好 config.toml 里的 [telegram] 再启动。"
NIGHT = time(3, 30)  # nobody is on the phone
STOLEN = "另一个程序正在用同一个令牌收消息，两边会互相抢。请只留一个。"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the bot needs besides its desk; secrets are never part of a setting's text."""

    token: str = field(repr=False)
    settings: Telegram = Telegram()
    secret: str = field(default="", repr=False)
    pace: Pace = Pace()
    retries: tuple[float, ...] = (0.2, 0.5, 1.5)
    tick: float = 20.0
    poll: int = 30
    keep_days: int = 0

    def checked(self) -> Setup:
        """Itself. Raises CoachError with one sentence where it cannot work."""
        if not self.token:
            raise CoachError(NO_TOKEN)
        if not re.fullmatch(r"\d+:\S+", self.token):
            raise CoachError(BAD_TOKEN)
        if self.settings.webhook_url and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", self.secret):
            raise CoachError(WRONG_SECRET if self.secret else NO_SECRET)
        if re.match(r"http://(?!127\.0\.0\.1|localhost|\[::1\])", self.settings.webhook_url):
            raise CoachError(NO_HTTPS)
        return self


class Service:
    """One bot over one desk. `opened` is done when the desk's search is; `failed` when the bot cannot go on, and why."""

    def __init__(self, desk: Desk, setup: Setup, now: Callable[[], datetime], opened: Future | None = None) -> None:
        self.setup, self._now, self._desk = setup.checked(), now, desk
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._halted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opened = asyncio.wrap_future(opened) if opened is not None else None
        if self._opened is not None:
            self._opened.add_done_callback(self._search_opened)
        self._ears = ThreadPoolExecutor(2, thread_name_prefix="ears")
        self._typing: dict[str, str] = {}
        self._chores: set[asyncio.Task] = set()
        self._inbox = Inbox(desk.store, now)
        settings = setup.settings
        wire = {"proxy": settings.proxy or None, "read_timeout": settings.timeout, "write_timeout": settings.timeout,
                "connect_timeout": settings.timeout, "pool_timeout": settings.timeout}
        try:
            self._polling = Polling(self._token_refused, connection_pool_size=2, **wire)
            request = HTTPXRequest(connection_pool_size=setup.pace.parallel + 32, **wire)
        except Exception as error:  # the HTTP library's own errors for an address that is none
            raise CoachError(BAD_PROXY.format(proxy=_without_password(settings.proxy), why=type(error).__name__)) from None
        base = settings.base_url.rstrip("/").removesuffix("/bot")
        builder = (Application.builder().token(setup.token).base_url(f"{base}/bot").base_file_url(f"{base}/file/bot")
                   .request(request).get_updates_request(self._polling).update_queue(self._inbox).concurrent_updates(Lanes()))
        if settings.per_second:
            builder = builder.rate_limiter(AIORateLimiter(settings.per_second, 1))
        self.app = builder.build()
        self.app.add_handler(TypeHandler(Arrived, lambda arrived, context: self._take(arrived)))
        self._courier = Courier(self.app.bot, desk.store, now, self._polling.drained, self._fail, setup.pace)
        self._inbox.saw = self._courier.saw

    @property
    def me(self) -> User:
        return self.app.bot.bot

    async def start(self) -> None:
        """Answers from here on. First what a stopped process has left, in its order, then what is new."""
        try:
            await self.app.initialize()
        except InvalidToken:
            raise CoachError(BAD_TOKEN) from None
        except TelegramError:
            raise CoachError(NO_NETWORK.format(where=urlsplit(self.setup.settings.base_url).netloc)) from None
        self._inbox.me = self.me
        self._desk = replace(self._desk, bot=self.me.username or "")
        left = await self._inbox.resume()
        if left:
            _LOG.info("%d updates of the last run are answered now", left)
        await self.app.start()
        await self._courier.resume()
        await self._listen_to_telegram()
        jobs = self.app.job_queue
        jobs.run_repeating(self._remind, self.setup.tick, first=0, name="notices")
        jobs.run_repeating(self._prune, timedelta(days=1), first=60, name="prune")
        jobs.run_daily(self._expire, NIGHT.replace(tzinfo=self._now().astimezone().tzinfo), name="expire")
        self._chore(face.dress(self.app.bot))

    async def stop(self) -> None:
        """Takes nothing new, answers what it has taken, sends what it can in a moment; the rest waits on the disk."""
        if not self._halted.done():
            self._halted.set_result(None)
        if self.app.updater.running:
            with contextlib.suppress(TelegramError):  # a withdrawn token ends here; it has been told already
                await self.app.updater.stop()
        if self.app.running:
            await self.app.stop()
        await self._courier.stop()
        for chore in list(self._chores):
            chore.cancel()
        await self.app.shutdown()
        self._ears.shutdown(wait=False, cancel_futures=True)

    async def _listen_to_telegram(self) -> None:
        settings = self.setup.settings
        if not settings.webhook_url:
            await self.app.updater.start_polling(timeout=self.setup.poll, allowed_updates=ALLOWED, bootstrap_retries=0,
                                                 error_callback=self._poll_failed)
            return
        try:
            await self.app.updater.start_webhook(
                settings.webhook_listen, settings.webhook_port, url_path=urlsplit(settings.webhook_url).path.lstrip("/"),
                webhook_url=settings.webhook_url, secret_token=self.setup.secret, allowed_updates=ALLOWED)
        except (TelegramError, OSError) as error:
            raise CoachError(BAD_HOOK.format(why=getattr(error, "message", None) or error)) from None
        self._polling.drained.set()

    # one update

    async def _take(self, arrived: Arrived) -> None:
        """Answers one update; whatever goes wrong, the person hears of it and the update does not come again."""
        if arrived.kind == "inline":
            await self._offer(arrived)
            return
        try:
            if not await self._hear(arrived):
                return
            settled = await self._settle(arrived)
        except StoreError as error:
            _LOG.error("the log cannot be used: %s", error)
            await self._answer_without_log(arrived)
            return
        except CoachError as error:
            if self._opened is not None and self._opened.done() and self._opened.exception() is not None:
                return  # no search, no bot: the update stays for the next start
            settled = await asyncio.to_thread(apologise, arrived, self._desk, str(error))
        except Exception as error:
            reference = secrets.token_hex(3).upper()
            _LOG.error("update not answered, reference %s\n%s", reference, trace(error))
            settled = await asyncio.to_thread(apologise, arrived, self._desk, CRASHED.format(reference=reference))
        self._courier.hold(settled.links)
        self._courier.wake(*settled.chats)
        if arrived.query:
            await self._toast(arrived, settled.toast)
        if settled.menu is not None:
            self._chore(self._show_menu(arrived.chat, settled.menu[0]))

    async def _hear(self, arrived: Arrived) -> bool:
        """Searches ahead, in a thread of its own kind: the log is not held meanwhile. False where the bot is stopped
        before the search is open: the update stays for the next start."""
        if arrived.kind not in ("text", "edit") or not searches(arrived.incoming()):
            return True
        if self._opened is not None and not self._opened.done():
            self._chore(self._quietly(self.app.bot.send_chat_action(arrived.chat, ChatAction.TYPING)))
            await asyncio.wait({self._opened, self._halted}, return_when=asyncio.FIRST_COMPLETED)
            if not self._opened.done():
                return False
        await asyncio.get_running_loop().run_in_executor(self._ears, listen, arrived.incoming(), self._desk)
        return True

    async def _settle(self, arrived: Arrived) -> Settled:
        for pause in (*self.setup.retries, None):
            try:
                return await asyncio.to_thread(settle, arrived, self._desk)
            except StoreError:  # another program holds the file for a moment
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _answer_without_log(self, arrived: Arrived) -> None:
        """A log that cannot be written costs a sentence, never the line. The update stays unfinished: nothing can be
        noted, so after the next start it is answered again."""
        message = await asyncio.to_thread(answer, arrived.incoming(), self._desk)
        for lines in leaving.split(message.lines):
            await self._quietly(self.app.bot.send_message(arrived.chat, leaving.marked(lines), parse_mode="HTML"))

    async def _toast(self, arrived: Arrived, text: str) -> None:
        """Ends the waiting of a pressed key. A toast that comes too late is sent as a message."""
        try:
            await self.app.bot.answer_callback_query(arrived.query, text or None)
        except BadRequest:
            if text:
                await self._quietly(self.app.bot.send_message(arrived.chat, text))
        except TelegramError as error:
            _LOG.warning("a key was not answered (%s)", type(error).__name__)

    async def _offer(self, arrived: Arrived) -> None:
        """Inline mode. Of what a person types only the newest text is searched."""
        self._typing[arrived.person] = arrived.query
        loop = asyncio.get_running_loop()
        offers = await loop.run_in_executor(self._ears, self._offers, arrived)
        if offers is None:
            return
        self._typing.pop(arrived.person, None)
        admitted = await asyncio.to_thread(self._desk.store.role, arrived.person) is not None
        await self._quietly(self.app.bot.answer_inline_query(
            arrived.query, leaving.articles(offers), cache_time=0, is_personal=True,
            button=None if admitted else InlineQueryResultsButton("还没有开通，点这里", start_parameter=people.KNOCK)))

    def _offers(self, arrived: Arrived):
        return offer(arrived.incoming(), self._desk) if self._typing.get(arrived.person) == arrived.query else None

    # around it

    async def _show_menu(self, chat: int, role: Role | None) -> None:
        if await face.show_menu(self.app.bot, chat, role):
            await asyncio.to_thread(self._desk.store.show, chat, "menu", face.menu_mark(role))

    async def _remind(self, context: object) -> None:
        """Timed work. It looks into the log at every tick and keeps nothing in memory, so a restart changes nothing and
        notices that another process queues are told as well."""
        try:
            self._courier.wake(*await asyncio.to_thread(remind, self._desk, self._now()))
        except StoreError as error:
            _LOG.error("notices wait: %s", error)

    async def _prune(self, context: object) -> None:
        now = self._now()
        await asyncio.to_thread(self._desk.store.prune, now - timedelta(days=2), now - timedelta(days=60))

    async def _expire(self, context: object) -> None:
        """Forgets what the settings do not keep; a bot runs for months. At night, since the file is written anew."""
        try:
            removed = await asyncio.to_thread(self._desk.store.expire, self.setup.keep_days, self._now())
        except StoreError as error:
            _LOG.error("old records stay for another day: %s", error)
            return
        if removed:
            _LOG.info("old records forgotten: %s", removed)

    async def _quietly(self, call) -> None:
        try:
            await call
        except TelegramError as error:
            _LOG.warning("Telegram did not take a call (%s)", type(error).__name__)

    def _chore(self, work) -> None:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def _poll_failed(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            _LOG.error(STOLEN)
        elif not isinstance(error, NetworkError):
            _LOG.error("updates could not be fetched (%s)", type(error).__name__)
        else:
            _LOG.warning("the network is away (%s); going on trying", type(error.__cause__ or error).__name__)

    def _token_refused(self) -> None:
        if self.app.running:
            self._fail(CoachError(BAD_TOKEN))

    def _search_opened(self, opened: asyncio.Future) -> None:
        if not opened.cancelled() and (error := opened.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_exception(CoachError(BAD_TOKEN) if isinstance(error, InvalidToken) else error)


def _without_password(proxy: str) -> str:
    scheme, _, rest = proxy.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
