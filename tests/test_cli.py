"""The command line as a process: what it prints, what it refuses, and with which status."""
from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PHRASINGS, ROOT, write_corpus


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a small corpus and a config of its own."""
    folder = tmp_path_factory.mktemp("place")
    write_corpus(folder)
    (folder / "config.toml").write_text('[paths]\ncorpus = "corpus"\n', "utf-8")
    return folder


def coach(place: Path, *words: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "assistant", *words], input=stdin, capture_output=True, text=True, timeout=120,
                          cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **(env or {})})


def test_ask_prints_a_card_for_a_person(place):
    done = coach(place, "ask", "怎么这么贵啊")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "💬 价格太高第一句，我帮您看看。"
    assert "依据 F-01（2020-09-19 起 · 全国）" in done.stdout


def test_ask_tells_what_a_manager_has_changed_and_survives_a_broken_log(place, tmp_path):
    log = {"COACH_PATHS__DATA": str(tmp_path)}
    coach(place, "chat", stdin="改话术 价格太高 1 您嫌贵，我按三块拆给您听。\n", env=log)
    assert coach(place, "ask", "怎么这么贵啊", env=log).stdout.startswith("💬 您嫌贵，我按三块拆给您听。")
    (tmp_path / "coach.db").write_bytes(b"x" * 4096)
    done = coach(place, "ask", "怎么这么贵啊", env=log)
    assert done.returncode == 0 and done.stdout.startswith("💬 价格太高第一句") and "先用文件里的" in done.stderr


def test_ask_json_has_the_stable_shape(place):
    answer = json.loads(coach(place, "ask", "--json", "怎么这么贵啊").stdout)
    assert list(answer) == ["cards", "grounding", "say", "ask", "never", "facts", "flags", "ms"]
    assert answer["cards"][0] == "price" and answer["facts"] == ["F-01"] and answer["never"] == ["我私下返您三百"]
    assert isinstance(answer["ms"], float)


def test_ask_jsonl_answers_in_order_whatever_the_lines_hold(place):
    asked = ["怎么这么贵啊", "", "😡", "车泡水了赔不赔", "字" * 10_000, "\u0000"]
    lines = "\n".join(json.dumps({"id": i, "q": q}) for i, q in enumerate(asked)) + "\n\n"
    done = coach(place, "ask", "--jsonl", stdin=lines)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(asked)))
    assert [answer["cards"][:1] for answer in answers[:4]] == [["price"], [], [], ["flood"]]
    assert (answers[1]["grounding"], answers[1]["say"]) == ("none", "")


def test_check_says_whether_words_may_be_said_in_the_stable_shape(place):
    told = json.loads(coach(place, "check", "--json", "我私下返您三百").stdout)
    [broken] = told["breaks"]
    assert told["allowed"] is False and list(broken) == ["rule", "quote", "basis", "rewrite", "layer"]
    assert (broken["rule"], broken["quote"], broken["basis"], broken["layer"]) == ("RL-01", "我私下返您三百", "《保险法》第116条", "rules")
    lines = [{"id": "a", "text": "我不能返您现金"}, {"id": "b", "text": ""}, {"id": "c", "text": "送您一张油卡"}]
    done = coach(place, "check", "--jsonl", stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert [(answer["id"], answer["allowed"]) for answer in map(json.loads, done.stdout.splitlines())] == [
        ("a", True), ("b", True), ("c", False)]
    assert "按规定合同外的利益我不能给您。" in coach(place, "check", "我私下返您三百").stdout


def test_check_names_figures_that_no_fact_of_that_day_supports(place):
    told = json.loads(coach(place, "check", "--json", "财产限额2000元，您这单2950元").stdout)
    assert (told["allowed"], told["unsupported"]) == (True, ["2950元"])
    done = coach(place, "check", "财产限额2000元", "--as-of", "2019-01-01").stdout
    assert "数字 2000元 没有查到依据" in done and "数字查实了再说" in done and "可以说" not in done


def test_as_of_moves_today(place):
    assert json.loads(coach(place, "ask", "--json", "--as-of", "2019-01-01", "怎么这么贵啊").stdout)["flags"] == ["withheld", "stale:F-01"]


@pytest.mark.parametrize("words, stdin, says", [
    (("ask",), "", "请写上客户说的话"),
    (("ask", "   "), "", "请写上客户说的话"),
    (("ask", "--as-of", "昨天", "太贵了"), "", "日期 昨天 看不懂"),
    (("ask", "--jsonl"), "{oops\n", "第 1 行不是 JSON"),
    (("ask", "--jsonl"), '{"id": 1}\n', "第 1 行缺少文字字段 q"),
    (("ask", "--jsonl", "太贵了"), "", "--jsonl 从标准输入读"),
    (("check",), "", "请写上打算说的话"),
    (("check", "--jsonl"), '{"id": 1, "q": "x"}\n', "第 1 行缺少文字字段 text"),
    (("log", "--export", "x.docx"), "", "不会写 .docx"),
    (("log", "--export", "/nowhere/x.csv"), "", "没有这个目录或文件"),
    (("backup", "/nowhere/x.db"), "", "没有这个目录或文件"),
    (("ask", "--region", "火星", "太贵了"), "", "--region 火星 看不懂"),
    (("ask", "--slots", "上年3200 大客户", "太贵了"), "", "大客户 看不懂"),
    (("recall",), "", "请写一个编号"),
    (("recall", "F-01", "--changed"), "", "请写一个编号"),
    (("recall", "F-01", "--text", "先别讲"), "", "没写 --send"),
    (("recall", "F-01", "--send"), "", "更正要写明"),
    (("recall", "F-99"), "", "没有 F-99 这个编号"),
    (("float", "--region", "火星", "3年未出险"), "", "--region 火星 看不懂"),
    (("ask", "--nope"), "", "没有 --nope 这个选项。看用法：coach ask --help"),
    (("ask", "--jsn"), "", "是不是想写 --json"),
    (("nope",), "", "没有 nope 这个命令"),
    (("chta",), "", "是不是想写 chat"),
    (("float",), "", "少写了一样：地区和出险情况"),
    (("log", "--limit", "0"), "", "--limit 的值太小"),
    (("recall", "--days", "three", "F-01"), "", "--days 的值要写整数"),
    (("ask", "--as-of"), "", "--as-of 后面要跟一个值"),
    (("check", "先生", "您好"), "", "多写了 您好"),
])
def test_misuse_is_one_sentence_and_status_2(place, words, stdin, says):
    done = coach(place, *words, stdin=stdin)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("text, says", [
    ("[paths]\ncorpsu = 'x'\n", "corpsu 不认识，是不是想写 corpus"),
    ("[path]\n", "[path] 不认识，是不是想写 paths"),
    ("[paths\ncorpus=", "没写完整"),
    ("[call]\nidle_minutes = 'soon'\n", "call.idle_minutes 不能用：要写整数"),
    ("[call]\nidle_minutes = 0\n", "call.idle_minutes 不能用：不能小于 1"),
    ("[telegram]\nproxy = '127.0.0.1'\n", "telegram.proxy 不能用：要写成 http://"),
    ("[paths]\ncorpus = 'nowhere'\n", "找不到语料目录"),
    ("[encoder]\nmodel = '/nowhere/model'\n", "encoder.model"),
])
def test_a_config_that_cannot_be_used_says_what_to_change(place, tmp_path, text, says):
    write_corpus(tmp_path)
    (tmp_path / "config.toml").write_text(text, "utf-8")
    done = coach(tmp_path, "ask", "太贵了")
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_the_environment_wins_over_the_file(place, tmp_path):
    done = coach(place, "index", env={"COACH_PATHS__DATA": str(tmp_path / "elsewhere")})
    assert done.returncode == 0 and (tmp_path / "elsewhere/index/current").exists()


def test_a_broken_card_is_named_and_the_others_still_answer(tmp_path):
    corpus = write_corpus(tmp_path)
    (corpus / "cards/objections/stop.md").write_text("+++\noops", "utf-8")
    done = coach(tmp_path, "ask", "--json", "怎么这么贵啊")
    assert done.returncode == 0 and json.loads(done.stdout)["cards"][0] == "price"
    assert "stop.md:1" in done.stderr
    assert coach(tmp_path, "lint").returncode == 1


CALL = "怎么这么贵啊\n怎么这么贵啊\n1\n2\n👍\n结果 回访 11-28\n/new 老王13812345678\n车泡水了赔不赔\n/help\n"


def test_chat_works_in_a_plain_pipe_and_the_log_shows_searches_and_exports_it(tmp_path):
    write_corpus(tmp_path)
    done = coach(tmp_path, "chat", stdin=CALL)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("💬")] == [
        "💬 价格太高第一句，我帮您看看。", "💬 价格太高第二句，我帮您算算。", "💬 价格太高第三句，您慢慢想。", "💬 泡水第一句，我帮您看看。"]
    assert "RL-01 合同外利益" in done.stdout and "\x1b[" not in done.stdout
    log = coach(tmp_path, "log").stdout
    assert log.count("客户：") == 4 and "老王[手机号]" in log and "👍" in log
    assert coach(tmp_path, "log", "泡水").stdout.count("客户：") == 1
    assert "13812345678" not in log
    assert coach(tmp_path, "log", "--export", "out.csv").returncode == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    exported = json.loads(coach(tmp_path, "log", "--export", "-").stdout)
    assert [row["客户说"] for row in exported] == ["怎么这么贵啊", "怎么这么贵啊", "怎么这么贵啊", "车泡水了赔不赔"]
    assert exported[0]["结果"] == "回访" and exported[0]["依据"] == "F-01"


def test_a_second_chat_on_the_same_folder_is_one_sentence(tmp_path):
    write_corpus(tmp_path)
    coach(tmp_path, "index")
    first = subprocess.Popen([sys.executable, "-u", "-m", "assistant", "chat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert "续保教练" in first.stdout.readline()
        second = coach(tmp_path, "ask", "太贵了")
        assert second.returncode == 2 and "使用" in second.stderr and "Traceback" not in second.stderr
    finally:
        first.communicate("", timeout=30)
    assert coach(tmp_path, "ask", "太贵了").returncode == 0


def test_a_chat_whose_database_is_broken_says_so_and_leaves_it_alone(tmp_path):
    write_corpus(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/coach.db").write_bytes(b"no database here" * 100)
    done = coach(tmp_path, "chat", stdin="太贵了\n")
    assert done.returncode == 2 and "不是完好的数据库" in done.stderr
    assert (tmp_path / "data/coach.db").read_bytes() == b"no database here" * 100


def test_the_doctor_finds_what_is_wrong_and_how_to_mend_it(tmp_path):
    write_corpus(tmp_path)
    done = coach(tmp_path, "doctor")
    assert done.returncode == 0 and "✗" not in done.stdout and done.stdout.count("✓") == 10, done.stdout
    (tmp_path / "corpus/cards/objections/stop.md").write_text("+++\noops", "utf-8")
    (tmp_path / "data/coach.db").write_bytes(b"no database here" * 100)
    done = coach(tmp_path, "doctor")
    assert done.returncode == 1 and "coach lint" in done.stdout and "改名留底" in done.stdout


def test_ctrl_c_in_the_middle_of_an_index_build_is_one_sentence_and_the_next_start_is_fine(tmp_path):
    lines = [f"第{i}种说法，价钱怎么这么贵啊" for i in range(3000)]
    write_corpus(tmp_path, cards={"price": ("价格太高", 1, lines), "stop": PHRASINGS["stop"]})
    process = subprocess.Popen([sys.executable, "-m", "assistant", "index"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    deadline = time.monotonic() + 60
    while not (tmp_path / "data/index/owner.pid").exists():
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "照常启动" in told and "Traceback" not in told
    assert not (tmp_path / "data/index/current").exists()
    write_corpus(tmp_path / "small")
    done = coach(tmp_path / "small", "ask", "--json", "怎么这么贵啊", env={"COACH_PATHS__DATA": str(tmp_path / "data")})
    assert json.loads(done.stdout)["cards"][0] == "price"


def test_a_reader_that_leaves_early_is_no_error(place):
    done = subprocess.run(f"{sys.executable} -m assistant ask --jsonl | head -1", shell=True, capture_output=True, text=True,
                          input="\n".join(json.dumps({"id": i, "q": "太贵了"}) for i in range(50)), cwd=place,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
    assert "Traceback" not in done.stderr and len(done.stdout.splitlines()) == 1


def test_people_are_added_listed_changed_and_removed_and_all_of_it_is_audited(place):
    assert "--role admin" in coach(place, "people", "list").stdout
    assert coach(place, "people", "add", "1001", "--role", "admin", "--name", "老陈").returncode == 0
    again = coach(place, "people", "add", "1001")
    assert again.returncode == 2 and "coach people role 1001" in again.stderr
    assert coach(place, "people", "add", "1002", "--role", "老板").returncode == 2
    assert coach(place, "people", "add", "1002").returncode == 0
    assert coach(place, "people", "role", "1002", "讲师").returncode == 0
    assert [line.split("　")[:3] for line in coach(place, "people", "list").stdout.splitlines()] == [
        ["管理员", "1001", "老陈"], ["讲师", "1002", ""]]
    assert coach(place, "people", "remove", "1001").returncode == 0
    for words in (("remove", "1001"), ("role", "1001", "agent")):
        gone = coach(place, "people", *words)
        assert gone.returncode == 2 and "coach people list" in gone.stderr
    with sqlite3.connect(place / "data/coach.db") as log:
        assert log.execute("select person, what, detail from audit").fetchall() == [
            ("local", "people add", "1001 admin"), ("local", "people add", "1002 agent"),
            ("local", "people role", "1002 trainer"), ("local", "people remove", "1001")]


def test_a_bot_without_a_token_or_a_network_is_one_sentence(place):
    done = coach(place, "bot", env={"COACH_TELEGRAM_TOKEN": ""})
    assert done.returncode == 2 and "export COACH_TELEGRAM_TOKEN" in done.stderr and "Traceback" not in done.stderr
    token = "123456789:not_a_token_of_any_real_bot_000"
    done = coach(place, "bot", env={"COACH_TELEGRAM_TOKEN": token, "COACH_TELEGRAM__BASE_URL": "http://127.0.0.1:9"})
    assert done.returncode == 2 and "连不上 Telegram（127.0.0.1:9）" in done.stderr and "Traceback" not in done.stderr
    assert token not in done.stderr
    assert "令牌已设" in (doctor := coach(place, "doctor", env={"COACH_TELEGRAM_TOKEN": token}).stdout) and token not in doctor


def test_a_secret_in_the_file_is_refused_without_being_shown(tmp_path):
    write_corpus(tmp_path)
    (tmp_path / "config.toml").write_text('[telegram]\ntoken = "123456789:geheim"\n', "utf-8")
    done = coach(tmp_path, "bot")
    assert done.returncode == 2 and "COACH_TELEGRAM_TOKEN" in done.stderr and "geheim" not in done.stderr


def test_a_line_told_in_the_chat_is_recalled_and_the_correction_waits_at_the_next_start(tmp_path):
    write_corpus(tmp_path)
    coach(tmp_path, "chat", "--as", "小李", stdin="怎么这么贵啊\n")
    listed = coach(tmp_path, "recall", "F-01")
    assert (listed.returncode, listed.stdout.splitlines()[0]) == (0, "F-01：最近 30 天给过 1 人 1 次。")
    assert coach(tmp_path, "recall", "price#1", "--send", "--text", "先别讲，以系统报价为准。").stdout.endswith("更正发给 1 人。\n")
    later = coach(tmp_path, "chat", "--as", "小李", stdin="知道了\n").stdout
    assert "更正（price#1）：先别讲，以系统报价为准。" in later and "看过请输入：知道了" in later
    assert coach(tmp_path, "recall", "price#1", "--status").stdout.endswith("已读\n")
    card = tmp_path / "corpus/cards/objections/price.md"
    card.write_text(card.read_text("utf-8").replace("价格太高第一句", "改过的第一句"), "utf-8")
    assert coach(tmp_path, "recall", "--changed").stdout.splitlines()[1] == "　旧的那版：最近 30 天给过 1 人 1 次。"


def test_ask_fills_what_the_customer_quoted_and_marks_the_rest(tmp_path):
    card = write_corpus(tmp_path) / "cards/objections/price.md"
    card.write_text(card.read_text("utf-8").replace("价格太高第一句", "今年是{今年}"), "utf-8")
    for words, say in ((("--slots", "今年2950"), "今年是2950元，我帮您看看。"), ((), "今年是【查系统】，我帮您看看。")):
        assert json.loads(coach(tmp_path, "ask", "--json", *words, "怎么这么贵啊").stdout)["say"] == say
