"""Click's own words in Chinese: how a command is used, what is wrong with it, and the question before it goes on."""

from __future__ import annotations

import re
from datetime import date
from types import ModuleType

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

from taskboard.web.typed import read_day

WORDS: dict[str, str] = {
    # Help
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示本说明。",
    "Show the version and exit.": "显示版本。",
    "%(prog)s, version %(version)s": "%(prog)s，版本 %(version)s",
    "Try '{command} {option}' for help.": "说明见：{command} {option}",
    "default: {default}": "默认：{default}",
    "env var: {var}": "环境变量：{var}",
    "required": "必填",
    "(dynamic)": "（随情况而定）",
    # What is wrong
    "Error: {message}": "错误：{message}",
    "Error: invalid input": "请回答 y（是）或 n（否）。",
    "Error: The two entered values do not match.": "错误：两次输入的不一样。",
    "Repeat for confirmation": "再输一次",
    "Aborted!": "已取消。",
    "Missing command.": "没有写命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "No such command {name!r}.": "没有 {name} 这个命令。",
    "No such option {name!r}.": "没有 {name} 这个选项。",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是不是其中之一：{possibilities}？）",
    "Got unexpected extra argument ({args})": "多出的参数：{args}",
    "Got unexpected extra arguments ({args})": "多出的参数：{args}",
    "Option {name!r} requires an argument.": "选项 {name} 后面要有值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name} 后面要有 {nargs} 个值。",
    "Option {name!r} does not take a value.": "选项 {name} 后面没有值。",
    "Argument {name!r} takes {nargs} values.": "参数 {name} 要有 {nargs} 个值。",
    "Invalid value: {message}": "值不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不对：{message}",
    "Choose from:\n\t{choices}": "可以是：\n\t{choices}",
    "{value!r} is not {choice}.": "{value} 不是 {choice}。",
    "{value!r} is not one of {choices}.": "{value} 不在可选的值之中：{choices}。",
    "{value!r} does not match the format {format}.": "{value} 不合格式 {format}。",
    "{value!r} does not match the formats {formats}.": "{value} 不合任一格式：{formats}。",
    "{value!r} is not a valid {number_type}.": "{value} 不是数字。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 之内。",
    "{value!r} is not a valid boolean. Recognized values: {states}": "{value} 应是其中之一：{states}",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    # without {name}: click has settled on an English one before anything can be said in Chinese
    "{name} {filename!r} does not exist.": "{filename} 不存在。",
    "{name} {filename!r} is a file.": "{filename} 是一个文件。",
    "{name} {filename!r} is a directory.": "{filename} 是一个文件夹。",
    "{name} {filename!r} is not readable.": "{filename} 不能读。",
    "{name} {filename!r} is not writable.": "{filename} 不能写。",
    "Could not open file {filename!r}: {message}": "打不开文件 {filename}：{message}",
    "unknown error": "原因不明",
}

SPEAKING: tuple[ModuleType, ...] = (core, decorators, exceptions, formatting, parser, termui, types)
"""the modules of click that say something"""


def speak_chinese() -> None:
    """Let click say everything in Chinese.

    It asks gettext, which would go by the language of whoever calls: a service manager has none.
    """
    for module in SPEAKING:
        module.__dict__.update(_=_say, ngettext=_say_of_many)
    exceptions.MissingParameter.format_message = _format_missing  # type: ignore[assignment, method-assign]


_missing_in_western_points = exceptions.MissingParameter.format_message


def _format_missing(missing: exceptions.MissingParameter) -> str:
    """The one sentence whose point is no part of its words."""
    return re.sub(r"'\.\s?", "'。", _missing_in_western_points(missing), count=1)


def _say(words: str) -> str:
    return WORDS.get(words, words)


def _say_of_many(one: str, many: str, count: int) -> str:
    return _say(one if count == 1 else many)


class Day(click.ParamType[date | None]):
    """A day as the pages take it: ``2026-11-23``, ``2026年11月23日``, in full width or half width."""

    name = "日期"

    def convert(self, value: date | str, param: click.Parameter | None, ctx: click.Context | None) -> date | None:
        if isinstance(value, date):
            return value
        try:
            return read_day(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def confirm(question: str) -> None:
    """Go on only after a yes; the command ends otherwise. Click's own question has its answers in English."""
    while True:
        answer = click.prompt(f"{question}是请输入 y，否请按回车", default="", show_default=False, prompt_suffix="：")
        if answer.strip().lower() in ("y", "yes", "是"):
            return
        if answer.strip().lower() in ("", "n", "no", "否"):
            raise click.Abort()
        click.echo(WORDS["Error: invalid input"])
