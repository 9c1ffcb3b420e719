"""The command line: ``taskboard …``."""

from __future__ import annotations

import click

from taskboard import __version__
from taskboard.cli.plans import plans


@click.group()
@click.version_option(__version__)
def main() -> None:
    """督办台账：计划文件 → 任务 → 进展 → 逾期 → 提醒 → 周报。"""


main.add_command(plans)
