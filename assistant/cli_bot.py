"""The verbs about Telegram: the bot, who may use it, and a demonstration of it without a token."""
from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Annotated

import typer

from assistant.cli import _CONFIG, CLI_PERSON, Settings, _catch_up, _config, _corpus, _say_error, _search, app
from assistant.errors import CoachError

people_app = typer.Typer(no_args_is_help=True, help="谁能用教练：列出、加人、改角色、移出。")
app.add_typer(people_app, name="people")
Who = Annotated[str, typer.Argument(metavar="编号", help="Telegram 编号（对方给机器人发一句话就能看到），或终端里的名字")]
RoleName = Annotated[str, typer.Option("--role", metavar="角色", help="agent 座席、trainer 讲师、manager 主管、admin 管理员")]


@app.command()
def bot(config: Settings = _CONFIG) -> None:
    """启动 Telegram 机器人（令牌放在环境变量 COACH_TELEGRAM_TOKEN 里）。"""
    import asyncio
    import functools

    from assistant import journal, overlay
    from assistant.config import secret
    from assistant.desk import Desk
    from assistant.handlers.telegram import Setup, run
    from assistant.knowledge.likeness import guard_over
    from assistant.store import Store
    from assistant.warming import Warming

    settings = _config(config)
    setup = Setup(secret("token"), settings.telegram, secret("secret"), keep_days=settings.privacy.keep_days).checked()
    journal.write((setup.token, setup.secret))
    corpus = overlay.over(_corpus(settings).corpus)
    with (contextlib.closing(Store(settings.database)) as store,
          Warming(lambda halted: _search(settings, corpus, halted=halted)) as search):
        _catch_up(store, corpus, settings)
        desk = Desk(functools.lru_cache(4096)(search), corpus, store, guard_over(corpus.redlines),
                    timedelta(minutes=settings.call.idle_minutes),
                    invite_for=timedelta(hours=settings.telegram.invite_hours))
        asyncio.run(run(desk, setup, datetime.now, search.opened,
                        lambda name: _say_error(f"机器人 @{name} 在线。按 Ctrl-C 停下；没答完的，下次启动接着答。")))


@app.command()
def demo(config: Settings = _CONFIG) -> None:
    """不用令牌，在终端里看机器人怎么陪座席打一通电话。"""
    from assistant import overlay
    from assistant.demo import play
    from assistant.knowledge.likeness import guard_over

    settings = _config(config)
    corpus = overlay.over(_corpus(settings).corpus)
    with _search(settings, corpus) as search:
        play(search, corpus, guard_over(corpus.redlines))


@contextlib.contextmanager
def _people(config):
    from assistant.store import Store

    with contextlib.closing(Store(_config(config).database)) as store:
        yield store


def _role(name: str):
    from assistant.domain import Role
    from assistant.handlers.people import ROLE_NAMES

    named = {role.value: role for role in Role} | {chinese: role for role, chinese in ROLE_NAMES.items()}
    if name not in named:
        raise CoachError(f"没有 {name} 这个角色。可用的有：{'、'.join(f'{role.value}（{ROLE_NAMES[role]}）' for role in Role)}")
    return named[name]


@people_app.command("list")
def list_(config: Settings = _CONFIG) -> None:
    """谁能用，是什么角色，什么时候加的。"""
    from assistant.handlers.people import ROLE_NAMES

    with _people(config) as store:
        found = store.people()
    for person in found:
        print(f"{ROLE_NAMES[person.role]}　{person.id}　{person.name}　{person.added_at:%Y-%m-%d %H:%M}")
    if not found:
        print("还没有人。加第一位管理员：coach people add 编号 --role admin")


@people_app.command()
def add(
    person: Who,
    role: RoleName = "agent",
    name: Annotated[str, typer.Option("--name", metavar="名字", help="怎么称呼")] = "",
    config: Settings = _CONFIG,
) -> None:
    """加一个人。"""
    wanted, now = _role(role), datetime.now()
    with _people(config) as store:
        if store.role(person) is not None:
            raise CoachError(f"{person} 已经开通了。改角色请用：coach people role {person} 角色")
        with store.together():
            store.know(person, name, wanted, now)
            store.audit(CLI_PERSON, "people add", f"{person} {wanted.value}", now)
    print(f"{person} 开通了。")


@people_app.command()
def role(
    person: Who,
    name: Annotated[str, typer.Argument(metavar="角色", help="agent、trainer、manager 或 admin")],
    config: Settings = _CONFIG,
) -> None:
    """改角色，马上生效。"""
    wanted = _role(name)
    with _people(config) as store, store.together():
        if not store.set_role(person, wanted):
            raise CoachError(f"没有 {person} 这个人。看名单：coach people list")
        store.audit(CLI_PERSON, "people role", f"{person} {wanted.value}", datetime.now())
    print(f"{person} 的角色改好了。")


@people_app.command()
def remove(person: Who, config: Settings = _CONFIG) -> None:
    """移出一个人，马上不能再用；记录还在。"""
    with _people(config) as store, store.together():
        if not store.remove(person):
            raise CoachError(f"没有 {person} 这个人。看名单：coach people list")
        store.audit(CLI_PERSON, "people remove", person, datetime.now())
    print(f"{person} 移出了。")
