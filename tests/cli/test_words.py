"""What the command line says by itself is Chinese, too: usage, errors, questions and what the system refused."""

from __future__ import annotations

import ast
import errno
import inspect
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from taskboard.cli import main
from taskboard.cli.words import SPEAKING, WORDS, confirm
from taskboard.labels.operating_system import reason_words

NOT_SAID = (
    # to who writes a command, not to who runs one
    "deprecat|[Dd]eclar|defined twice|true/false|iterable|Unknown color|start character"
    # by kinds of values and questions that no command has
    "|UUID|executable|any key|continue|without prompting|values are required|Takes {nargs}|Choice\\(|Missing {"
    "|Missing parameter:"
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["用法：", "选项", "命令", "显示本说明。"]),
        ([], ["用法：", "命令"]),
        (["nosuch"], ["用法：", "错误：没有 nosuch 这个命令。", "说明见："]),
        (["plans", "read"], ["错误：缺少参数"]),
        (["plans", "read", "--nosuch"], ["没有 --nosuch 这个选项。"]),
        (["plans", "read", "/没有/这个.txt"], ["没有这个文件"]),
        (["jobs", "run", "nosuch"], ["的值不对：", "不在可选的值之中"]),
        (["jobs", "run", "morning-mail", "--on", "明天"], ["'--on' 的值不对：", "日期的写法不对"]),
        (["jobs", "run", "morning-mail", "--on", "２０２６－１３－０１"], ["日期的写法不对"]),
        (["jobs", "run", "--help"], ["--on 日期", "NAME"]),
        (["jobs", "run"], ["缺少参数 'NAME'。可以是："]),
        (["audit", "export"], ["缺少参数 'FILE'。"]),
        (["mail", "bounce", "/没有/退信.eml"], ["错误：打不开 /没有/退信.eml：没有这个文件或文件夹。"]),
        (["serve", "--port", "x"], ["不是数字"]),
    ],
)
def test_what_click_says_is_chinese(arguments: list[str], words: list[str]) -> None:
    said = CliRunner().invoke(main, arguments).output

    for one in words:
        assert one in said
    assert "%Y" not in said
    assert not re.search(r"Error|Usage|Aborted|Missing|Invalid|Options|Commands|No such|Try ", said), said


def test_everything_that_a_command_may_make_click_say_has_words() -> None:
    asked = {
        argument.value
        for module in SPEAKING
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }

    assert {one for one in asked - WORDS.keys() if not re.search(NOT_SAID, one)} == set()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("是\n", 0), ("\n", 1), ("否\n", 1), ("x\ny\n", 0), ("", 1)])
def test_a_question_takes_a_chinese_answer_and_says_when_nothing_was_done(answer: str, code: int) -> None:
    @click.command()
    def ask() -> None:
        confirm("继续吗？")

    result = CliRunner().invoke(ask, input=answer)

    assert result.exit_code == code
    assert "[y/N]" not in result.output
    assert ("已取消。" in result.output) is (code == 1)


@pytest.mark.parametrize("command", [("restore", "."), ("demo", "--folder", __file__)])
def test_a_folder_for_a_file_and_a_file_for_a_folder_are_told_in_chinese(command: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, command).output

    assert f"{command[-1]} 是一个文件" in said
    assert not re.search(r"\b(File|Directory|Path)\b", said), said


def test_what_the_system_refuses_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(OSError) as refused:
        (tmp_path / "nothing" / "here").open("rb")

    assert reason_words(refused.value) == "没有这个文件或文件夹"
    assert reason_words(OSError(errno.ENOSPC, "No space left on device")) == "磁盘已满"
    assert reason_words(OSError(9999, "?")) == "系统错误 9999"
