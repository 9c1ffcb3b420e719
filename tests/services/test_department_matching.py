"""Names of a document looked up in the directory of the database."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from taskboard.domain.department_matching import MatchRule
from taskboard.services.department_matching import FoundName, match_written
from taskboard.services.department_names import add_alias
from taskboard.services.renamings import RenamingValues, change_renaming, list_renamings, seed_renamings
from tests.support.factories import Usual, make_department, usual_people, writing_by
from tests.support.queries import counted_queries

DATED = date(2015, 6, 1)


@pytest.fixture
def usual(session: Session) -> Usual:
    seed_renamings(session)
    return usual_people(session)


def found(session: Session, usual: Usual, name: str) -> FoundName:
    return match_written(session, [name], body_id=usual.body.id, dated_on=DATED)[name]


def test_each_name_comes_with_its_department_and_rule(session: Session, usual: Usual) -> None:
    add_alias(session, usual.lead.id, "市物价局")
    make_department(session, "市生态环境局", parent=usual.body)

    names = ["市财政局", "市发改委", "市物价局", "市环保局", "教育局", "市气象局"]
    matches = match_written(session, names, body_id=usual.body.id, dated_on=DATED)

    assert {name: (one.department and one.department.name, one.rule) for name, one in matches.items()} == {
        "市财政局": ("市财政局", MatchRule.EXACT),
        "市发改委": ("市发展改革委", MatchRule.KEY),
        "市物价局": ("市发展改革委", MatchRule.ALIAS),
        "市环保局": ("市生态环境局", MatchRule.RENAMING),
        "教育局": ("市教育局", MatchRule.ELISION),
        "市气象局": (None, None),
    }
    assert matches["市环保局"].renamed_on == date(2018, 3, 17)


def test_a_renaming_that_was_ended_is_not_followed(session: Session, usual: Usual) -> None:
    make_department(session, "市生态环境局", parent=usual.body)
    sun = usual.actor("sun")
    [row] = list_renamings(session, actor=sun, words="环保局").rows
    values = RenamingValues(row.old_names, row.new_names, row.from_on, is_active=False)
    change_renaming(session, row.id, values, version=row.version, **writing_by(sun))

    assert found(session, usual, "市环保局").department is None


def test_several_successors_are_given_to_choose_from(session: Session, usual: Usual) -> None:
    market = make_department(session, "市市场监督管理局", parent=usual.body)

    match = found(session, usual, "市物价局")

    assert match.department is None
    assert match.likely == (usual.lead, market)


def test_a_short_name_is_assigned_and_marked(session: Session, usual: Usual) -> None:
    service = make_department(session, "市政务服务办公室", parent=usual.body)

    match = found(session, usual, "市政务办")

    assert (match.department, match.rule, match.needs_a_look) == (service, MatchRule.SUBSEQUENCE, True)


def test_a_department_out_of_use_is_still_the_one_of_its_name(session: Session, usual: Usual) -> None:
    usual.other.is_active = False
    session.flush()

    assert found(session, usual, "市教育局").department == usual.other


def test_hundreds_of_names_take_few_queries(session: Session, engine: Engine, usual: Usual) -> None:
    names = [f"市第{number}局" for number in range(500)] + ["市财政局"]

    with counted_queries(engine) as queries:
        match_written(session, names, body_id=usual.body.id, dated_on=DATED)

    assert len(queries) == 5


def test_an_empty_directory_knows_no_name(session: Session) -> None:
    assert match_written(session, ["市财政局"], body_id=None, dated_on=None)["市财政局"] == FoundName()
