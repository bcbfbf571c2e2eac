"""The demonstration, as a newcomer sees it."""
from __future__ import annotations

from assistant.demo import play
from tests.conftest import hear, unguarded


def test_the_script_plays_a_whole_call_without_a_token(small):
    screen: list[str] = []
    play(hear, small, unguarded, write=screen.append)  # standard input is no terminal here
    text = "\n".join(screen)
    assert text.index("还没有开通") < text.index("续保教练已开通（座席）") < text.index("老王[手机号]") < text.index("💬 价格太高第一句")
    assert "（上面那条变成）\n续保教练：💬 价格太高第一句" in text and "小李按 [👍]" in text
    assert text.index("机器人停了") < text.index("机器人起来了")
    assert "这张卡是上一通电话的" in text and "可选：价格太高第一句" in text


def test_a_newcomer_types_and_presses_by_number(small):
    screen: list[str] = []
    play(hear, small, unguarded, ["太贵了", "2", "1", "9", "改 车泡水了", "@ 今天天气"], screen.append)
    text = "\n".join(screen)
    assert "[1 换一句] [2 为什么] [3 复制]\n[4 👍] [5 👎]" in text and "测试法第1条" in text
    assert "小李按 [换一句]" in text and "没有这个键" in text and "（上面那条变成）\n续保教练：💬 泡水第一句" in text
    assert "没有合适的现成话" in text
