"""Verifying and exporting the trail from the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from taskboard.cli import main

WRITE = (
    "INSERT INTO history_entry (subject, act, at, entrance, reason)"
    " VALUES ('setting', 'changed', '2026-11-23 01:00:00.000000', 'web', '=1+1')"
)

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(installation: Path) -> Invoke:
    environment = {"TASKBOARD_SECRET_KEY": "s3cret-" * 8, "TASKBOARD_INSTANCE": str(installation / "instance")}

    def run(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(main, arguments)

    return run


def execute(folder: Path, *statements: str) -> None:
    engine = create_engine(f"sqlite:///{folder / 'instance' / 'taskboard.db'}")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_trail_that_is_whole_is_confirmed(invoke: Invoke, tmp_path: Path) -> None:
    execute(tmp_path, WRITE, WRITE)

    result = invoke("audit", "verify")

    assert result.exit_code == 0, result.output
    assert "审计记录完整：2 条" in result.output


def test_a_changed_and_a_removed_entry_are_named_and_the_command_fails(invoke: Invoke, tmp_path: Path) -> None:
    execute(tmp_path, *[WRITE] * 4)
    assert invoke("audit", "verify").exit_code == 0

    execute(
        tmp_path,
        "DROP TRIGGER history_entry_refuses_update",
        "DROP TRIGGER history_entry_refuses_delete",
        "UPDATE history_entry SET reason = 'other' WHERE id = 2",
        "DELETE FROM history_entry WHERE id = 3",
    )
    result = invoke("audit", "verify")

    assert result.exit_code == 1
    assert "第 2 号（记录 2）被改动" in result.output
    assert "第 3 号（记录 3）被删除" in result.output
    assert "2 处异常" in result.output


def test_an_export_has_every_entry_with_its_seal_and_is_put_on_record(invoke: Invoke, tmp_path: Path) -> None:
    execute(tmp_path, WRITE, WRITE)

    result = invoke("audit", "export", str(tmp_path / "trail.jsonl"))

    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert [(one["id"], one["position"], one["reason"]) for one in lines] == [(1, 1, "=1+1"), (2, 2, "=1+1")]
    assert invoke("audit", "export", str(tmp_path / "again.jsonl")).exit_code == 0
    assert json.loads((tmp_path / "again.jsonl").read_text().splitlines()[2])["act"] == "exported"


def test_a_spreadsheet_takes_no_cell_of_the_export_for_a_formula(invoke: Invoke, tmp_path: Path) -> None:
    execute(tmp_path, WRITE)

    invoke("audit", "export", str(tmp_path / "trail.csv"))

    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["reason"] == "'=1+1"


@pytest.mark.parametrize(("name", "words"), [("trail.docx", "结尾"), ("there.csv", "不覆盖")])
def test_an_export_never_overwrites_and_knows_its_forms(invoke: Invoke, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.csv").write_text("mine")

    result = invoke("audit", "export", str(tmp_path / name))

    assert result.exit_code == 1
    assert words in result.output
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_without_a_head_written_down_it_says_what_could_not_be_checked(invoke: Invoke) -> None:
    result = invoke("audit", "verify")

    assert result.exit_code == 0
    assert "还没有记下链头" in result.output
    assert "0 个" not in result.output
