"""A whole call with every kind of personal data typed into every input there is: none of it reaches the disk."""
from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import cli_data, doctor, handlers, logbook
from assistant import config as configuration
from assistant.domain import Line, Role, Turn
from assistant.errors import CoachError
from tests.conftest import NOW, ROOT, shown, write_corpus
from tests.test_cli import coach

SECRETS = {
    "手机号": ("13812345678", "138 1234 5678", "幺三八一二三四五六七八", "１３８１２３４５６７８"), "座机": ("010-62345678",), "身份证": ("11010519491231002X",),
    "车牌": ("京A12345", "粤BD12345"), "车架号": ("LSVAM4187C2184841",), "银行卡": ("6222021234567890123",), "邮箱": ("li.si@example.com",),
    "微信号": ("微信zhangsan_88",), "姓名": ("我叫张建国", "姓名：欧阳娜娜"), "地址": ("文三路138号2幢301室",), "QQ号": ("QQ87654321",),
    "保单号": ("保单号PDAA202611010000123456",)}
CUES = ("微信", "我叫", "姓名：", "QQ", "保单号")
TYPED = [(text, next((text.removeprefix(cue) for cue in CUES if text.startswith(cue)), text)) for texts in SECRETS.values() for text in texts]


def found(content: bytes) -> list[str]:
    return [secret for _, secret in TYPED if secret.encode() in content or secret.upper().encode() in content]


def test_nothing_personal_reaches_the_disk_through_any_input(say, store, tmp_path):
    store.know("chen", "陈主管", Role.ADMIN, NOW)
    commands = [name for command in handlers.COMMANDS for name in command.names]
    assert len(commands) > 15
    for text, _ in TYPED:
        for line in ("太贵了，{}", "{}", "今天天气{}", "结果 回访 {}", "/result 续了 {}", "/xyz {}", "/{}", "太贵了" + "啊" * 190 + "{}",
                     "客户 上年3200 {}", "/recall F-01 限额变了，{}", "/say 我给您返钱，{}", *(f"{name} {{}}" for name in commands)):
            say(line.format(text), person="chen")
        for action in (*handlers.ACTIONS, "nothing"):
            say(action=f"{action}:{text}", person="chen")
            say(action=f"{action}:1:{text}", person="chen")
    first = say("太贵了，别再打13812345678了")
    for button in first.buttons:
        say(action=button.action)
    store.notify("li", "correction", [Line("note", "改给 13812345678 的客户")], "fix:1", NOW)
    store.audit("chen", "note", "客户 13812345678", NOW)
    assert len(store.turns()) > 50 and "13812345678" not in shown(first)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("coach.db*"))
    assert "太贵了".encode() in content and "[手机号]".encode() in content
    assert found(content) == []


def test_a_number_that_the_cut_would_halve_is_masked_before_the_cut(say, store, tmp_path):
    say("太贵了" + "啊" * 191 + "13812345678，别打了")
    say("/new " + "王" * 35 + "13812345678")
    content = b"".join(path.read_bytes() for path in tmp_path.glob("coach.db*"))
    assert b"13812" not in content


def test_exports_and_history_hold_only_what_the_log_holds(say, store, tmp_path):
    for text, _ in TYPED:
        say(f"太贵了，{text}")
    for name in ("out.csv", "out.json"):
        logbook.export(store.turns(), tmp_path / name)
        assert found((tmp_path / name).read_bytes()) == []
    assert found("\n".join(store.heard_lately("li")).encode()) == []


def test_what_was_told_is_masked_too_in_case_a_model_wrote_it(store, tmp_path):
    call = store.open_call("li", NOW, "老王13812345678")
    assert call.customer == "老王[手机号]"
    store.add_turn(call.id, Turn(id=0, session_id=call.id, at=NOW, heard="太贵了", told="我打13812345678给您", asked="是京A12345吗", card_id="",
                                 rung=0, grounding="none", kind="call"))
    [(_, turn)] = store.turns()
    assert (turn.told, turn.asked) == ("我打[手机号]给您", "是[车牌]吗")
    assert found(b"".join(path.read_bytes() for path in tmp_path.glob("coach.db*"))) == []


# the command line


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A folder with a small corpus, its index, and a log of two calls."""
    folder = tmp_path_factory.mktemp("spoken")
    write_corpus(folder)
    assert coach(folder, "chat", stdin="怎么这么贵啊\n/new 老王\n泡水了赔不赔\n").returncode == 0
    return folder


@pytest.fixture
def place(spoken, tmp_path):
    """A copy of it to do with as one likes."""
    return Path(shutil.copytree(spoken, tmp_path / "place"))


def test_an_error_never_repeats_personal_data_and_jsonl_never_echoes_the_question(place):
    for words in (("ask", "--as-of", "13812345678", "太贵了"), ("ask", "太贵了", "京A12345"), ("京A12345",), ("log", "--since", "京A12345")):
        done = coach(place, *words)
        assert done.returncode == 2 and "[" in done.stderr, words
        assert not {"13812345678", "京A12345"} & set(done.stdout + done.stderr) and "13812345678" not in done.stderr and "A12345" not in done.stderr
    done = coach(place, "ask", "--jsonl", stdin=json.dumps({"id": 1, "q": "怎么这么贵啊，我是13812345678"}) + "\n")
    assert done.returncode == 0 and "13812345678" not in done.stdout + done.stderr


def test_forget_says_what_would_go_asks_and_then_it_is_gone(place):
    done = coach(place, "forget", "--person", "local", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "会删掉：通话 2、轮次 2、依据 2、人员 1\n")
    refused = coach(place, "forget", "--person", "local")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert coach(place, "log").stdout.count("客户：") == 2
    done = coach(place, "forget", "--person", "local", "--yes", "--as", "chen")
    assert done.returncode == 0 and "删掉了：通话 2、轮次 2、依据 2、人员 1。" in done.stdout and "备份" in done.stdout
    assert "还没有记录" in coach(place, "log").stdout
    assert not any("这么贵".encode() in path.read_bytes() for path in (place / "data").glob("coach.db*"))
    assert "chen forget 一个人" in coach(place, "audit").stdout
    assert coach(place, "forget", "--person", "local", "--yes").stdout == "没有要删的记录。\n"


def test_on_a_terminal_forget_takes_no_for_an_answer(place):
    command = f"env PYTHONPATH={ROOT} {sys.executable} -m assistant forget --call 1"
    script = f'printf "n\\n" | script -qec "{command}" /dev/null'
    done = subprocess.run(script, shell=True, capture_output=True, text=True, cwd=place, timeout=60)
    assert "确定删吗" in done.stdout and "没有删" in done.stdout
    assert coach(place, "log").stdout.count("客户：") == 2


@pytest.mark.parametrize("before, person, call, keep, says", [
    (None, None, None, False, "只写一样"), (None, "li", 1, False, "只写一样"), (None, "", None, False, "只写一样"), ("昨天", None, None, False, "看不懂"),
    (None, None, 1, True, "--keep-person")])
def test_forget_is_one_thing_at_a_time(before, person, call, keep, says):
    with pytest.raises(CoachError, match=says):
        cli_data._scope(before, person, call, keep)


def test_backup_copies_once(place):
    done = coach(place, "backup", "copy.db")
    assert done.returncode == 0 and "2 轮" in done.stdout
    assert coach(place, "backup", "copy.db").returncode == 2


def test_days_kept_are_kept_at_every_start_and_the_doctor_counts(place):
    (place / "config.toml").write_text("[privacy]\nkeep_days = 30\n", "utf-8")
    database = place / "data/coach.db"
    with contextlib.closing(sqlite3.connect(database)) as other, other:
        other.execute("update turns set at = '2020-01-01T09:00:00'")
        other.execute("update sessions set started_at = '2020-01-01T09:00:00', last_at = '2020-01-01T09:00:00'")
    seen = doctor._age(configuration.load(place / "config.toml"), NOW.date())
    assert not seen.ok and "有 2 轮早于" in seen.detail and "coach forget --before" in seen.detail
    done = coach(place, "chat", stdin="")
    assert "按设置（keep_days = 30）删掉了旧记录：通话 2、轮次 2" in done.stderr
    assert "keep_days forget" in coach(place, "audit").stdout
    assert "删掉" not in coach(place, "chat", stdin="").stderr


def test_the_doctor_sees_who_else_can_read_the_log(place):
    settings = configuration.load(place / "config.toml")
    assert doctor._rights(settings).ok and stat.S_IMODE((place / "data").stat().st_mode) == 0o700
    (place / "data/coach.db").chmod(0o640)
    assert "chmod 600" in doctor._rights(settings).detail and not doctor._rights(settings).ok
    (place / "data/coach.db").chmod(0o600)
    (place / "data").chmod(0o755)
    assert "chmod 700" in doctor._rights(settings).detail and not doctor._rights(settings).ok
