"""``taskboard plans read``: the reading of a file on the terminal, without a database and without settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from taskboard.cli import main

PLANS = Path(__file__).parents[1] / "data" / "plans"


def read(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["plans", "read", *map(str, arguments)])


def test_json_has_the_form_of_the_expected_readings():
    result = read(PLANS / "04_state_council.txt", "--format", "json")
    expected = json.loads((PLANS / "04_state_council.gold.json").read_text(encoding="utf-8"))

    found = json.loads(result.output)

    assert result.exit_code == 0
    assert found["title"] == expected["title"]
    assert found["defaults"] == expected.get("defaults", [])
    compared = ("lead", "partners", "deadline", "recurrence")
    assert [[one[key] for key in compared] for one in found["measures"]] == [
        [one[key] for key in compared] for one in expected["measures"]
    ]


def test_text_shows_each_measure_with_its_units_and_deadline():
    result = read(PLANS / "04_state_council.txt")

    lines = [line.strip() for line in result.output.splitlines()]

    assert result.exit_code == 0
    assert "举措 15 项：" in lines
    assert "1  一·1 编制全国统一的公共数据目录" in lines
    assert "牵头 国家数据局" in lines
    assert "时限 2024-12-31（2024年底前）" in lines


def test_text_marks_what_was_inferred(tmp_path):
    plan = tmp_path / "plan.txt"
    plan.write_text("工作要点\n一、任务\n1.办事。办好。（责任单位：市发改委、市财政局）\n", encoding="utf-8")

    assert "牵头 市发改委  [推断]" in read(plan).output


def test_working_days_are_counted_by_the_published_calendar(tmp_path):
    plan = tmp_path / "plan.txt"
    plan.write_text(
        "云泽市整改方案\n一、任务\n1.整改。自印发之日起15个工作日内完成。（市水利局负责）\n\n云泽市人民政府\n2026年1月5日\n",
        encoding="utf-8",
    )

    found = json.loads(read(plan, "--format", "json").output)

    assert found["measures"][0]["deadline"] == "2026-01-26"


def test_a_document_without_clauses_says_so():
    found = json.loads(read(PLANS / "14_no_units.txt", "--format", "json").output)

    assert found["problems"]
    assert not any(one["lead"] or one["partners"] for one in found["measures"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空"),
        (b"PK\x03\x04 not really", "损坏"),
        (b"%PDF-1.7\n" + bytes(200), "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "。"),
        (bytes(range(256)) * 20, "无法读取"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_chinese_line_and_exit_code_1(tmp_path, content, words):
    file = tmp_path / "计划.txt"
    file.write_bytes(content)

    result = read(file)

    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert words in result.output


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    missing, folder = read(tmp_path / "没有.txt"), read(tmp_path)

    assert (missing.exit_code, folder.exit_code) == (1, 1)
    assert "没有这个文件" in missing.output
    assert "文件夹" in folder.output


def test_the_command_needs_neither_database_nor_secret_key(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TASKBOARD_")}
    command = [sys.executable, "-m", "taskboard", "plans", "read", str(PLANS / "11_sub_items.txt"), "--format", "json"]

    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)

    assert json.loads(result.stdout)["measures"]
    assert list(tmp_path.iterdir()) == []


def evaluated(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["plans", "evaluate", str(folder), *arguments])


def folder_with_a_plan(folder: Path, *, lead: str) -> Path:
    text = "2024年工作要点\n一、任务\n1.建设平台。6月底前建成共享平台。（责任单位：市教育局、市财政局）\n"
    right = {
        "text_head": "建设平台。6月底前建成共享平台。",
        "heading": "建设平台",
        "lead": [lead],
        "partners": ["市财政局"],
    }
    gold = {"measures": [right | {"deadline": "2024-06-30", "recurrence": None}], "defaults": []}
    (folder / "plan.txt").write_text(text, encoding="utf-8")
    (folder / "plan.gold.json").write_text(json.dumps(gold, ensure_ascii=False), encoding="utf-8")
    return folder


def test_evaluating_a_folder_shows_figures_for_each_document_and_in_total(tmp_path):
    result = evaluated(folder_with_a_plan(tmp_path, lead="市教育局"))

    heading, document, whole = result.output.splitlines()

    assert result.exit_code == 0
    words = "文件 应有 读出 准确率 召回率 F1 牵头 配合 时限 有期限 周期 标记率 错误被标"
    assert " ".join(heading.split()) == words
    assert document.split()[:6] == ["plan", "1", "1", "1.000", "1.000", "1.000"]
    assert whole.split()[0] == "合计"


def test_evaluating_names_each_wrong_field(tmp_path):
    folder = folder_with_a_plan(tmp_path, lead="市科技局")

    assert "错（未标记）  plan  建设平台  牵头：应为“市科技局”，读为“市教育局”" in evaluated(folder).output
    found = json.loads(evaluated(folder, "--format", "json").output)
    assert found["total"]["lead"] == 0
    assert found["wrong"][0]["name"] == "lead"


def test_a_folder_without_right_readings_is_one_chinese_line(tmp_path):
    result = evaluated(tmp_path)

    assert result.exit_code == 1
    assert "没有可检验的文件" in result.output


def test_a_folder_to_evaluate_that_is_missing_or_a_file_is_told_for_what_it_is(tmp_path):
    (tmp_path / "一份.txt").write_text("正文", encoding="utf-8")

    missing, file = evaluated(tmp_path / "没有"), evaluated(tmp_path / "一份.txt")

    assert (missing.exit_code, file.exit_code) == (1, 1)
    assert missing.output == f"没有这个文件夹：{tmp_path / '没有'}\n"
    assert file.output == f"这是文件，不是文件夹：{tmp_path / '一份.txt'}\n"


def test_a_document_that_cannot_be_read_is_named_among_those_of_a_folder(tmp_path):
    folder = folder_with_a_plan(tmp_path, lead="市教育局")
    (folder / "plan.txt").write_bytes(b"")

    result = evaluated(folder)

    assert result.exit_code == 1
    assert result.output.startswith(f"{folder / 'plan.txt'}：文件是空的")


@pytest.mark.parametrize("gold", ["{", "[]", '{"measures": 1}', '{"measures": [1]}'])
def test_a_broken_right_reading_is_named(tmp_path, gold):
    folder = folder_with_a_plan(tmp_path, lead="市教育局")
    (folder / "plan.gold.json").write_text(gold, encoding="utf-8")

    result = evaluated(folder)

    assert result.exit_code == 1
    assert "plan.gold.json" in result.output
