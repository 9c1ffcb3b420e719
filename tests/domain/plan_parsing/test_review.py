"""Marks for review: they are few where a reading is right, and hold where a damaged copy makes it wrong."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.vocabulary import is_familiar
from taskboard.services.evaluation import Evaluation, evaluate, total

PLANS = Path(__file__).parents[2] / "data" / "plans"
MOST_MARKED = 0.17
"""share of all fields that may be marked in a copy damaged on purpose; more would tire the person who looks at them"""

Damage = Callable[[str, random.Random], str]


def without(marks: str, share: float) -> Damage:
    return lambda text, chance: "".join(c for c in text if c not in marks or chance.random() >= share)


def without_characters(text: str, chance: random.Random) -> str:
    return "".join(c for c in text if c == "\n" or chance.random() >= 0.015)


def with_exchanged_characters(text: str, chance: random.Random) -> str:
    characters = list(text)
    for n in range(len(characters) - 1):
        if "\n" not in characters[n : n + 2] and chance.random() < 0.01:
            characters[n], characters[n + 1] = characters[n + 1], characters[n]
    return "".join(characters)


def evaluated(path: Path, text: str) -> Evaluation:
    gold = json.loads((PLANS / f"{path.stem}.gold.json").read_text(encoding="utf-8"))
    plan = parse_plan([Paragraph(line) for line in text.split("\n")])
    return evaluate(path.stem, reading_to_dict(plan), gold)


@pytest.mark.parametrize(
    ("damage", "least_marked"),
    [
        (without("、，。；：,;:", 0.06), 0.65),
        (without("（）()[]〔〕【】", 0.15), 0.75),
        (without_characters, 0.65),
        (with_exchanged_characters, 0.75),
    ],
    ids=["punctuation lost", "brackets lost", "characters lost", "characters exchanged"],
)
def test_most_fields_that_damage_makes_wrong_are_marked(damage: Damage, least_marked: float) -> None:
    chance = random.Random(1)
    texts = [(path, path.read_text(encoding="utf-8")) for path in sorted(PLANS.glob("*.txt"))]

    figures = total(evaluated(path, damage(text, chance)) for path, text in texts)

    assert figures.fields_wrong > 10
    assert figures.wrong_marked is not None and figures.wrong_marked >= least_marked
    assert figures.marked is not None and figures.marked <= MOST_MARKED


def test_few_fields_are_marked_in_sound_documents() -> None:
    figures = total(evaluated(path, path.read_text(encoding="utf-8")) for path in sorted(PLANS.glob("[0-3]*.txt")))

    assert figures.marked is not None and figures.marked < 0.1


@pytest.mark.parametrize(
    "name",
    [
        "省发展改革委",
        "市财政局",
        "县人力资源和社会保障局",
        "市市场监管局",
        "各县(市、区)人民政府",
        "市委组织部",
        "省编办(省审改办)",
        "人民银行沅峰市分行",
        "槐阳县人民政府",
        "市直有关部门",
        "团市委",
        "沅峰海关",
        "市公安局交管支队",
    ],
)
def test_names_of_departments_and_groups_are_familiar(name: str) -> None:
    assert is_familiar(name)


@pytest.mark.parametrize("name", ["市育局", "省信委", "市气象局负责市通信办", "责任单位市教育局", "县牛羊养殖户"])
def test_damaged_names_and_other_words_are_not(name: str) -> None:
    assert not is_familiar(name)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("1.甲平台。建成。（责任单位：市财政局、市教育局）", []),
        ("1.甲平台。建成。（责任单位：市财政局市教育局）", ["lead", "partners"]),
        ("1.甲平台。建成。（责任单位：市育局）", ["lead"]),
        ("1.甲平台。建成。责任单位市财政局、市教育局。", ["lead", "partners"]),
        ("1.甲平台。2024年底前建成，2024年6月底前启动招标。（责任单位：市财政局）", ["deadline"]),
    ],
)
def test_the_fields_of_an_unusual_reading_are_marked(text: str, marked: list[str]) -> None:
    (measure,) = parse_plan([Paragraph(f"2024年3月1日\n{text}")]).measures

    assert list(measure.review) == marked
