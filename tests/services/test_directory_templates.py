"""Directories to begin with: they fit the ways in which documents write names, and never make a body twice."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed
from taskboard.models import Department
from taskboard.services import directory_import, directory_templates
from taskboard.services.department_matching import match_written
from taskboard.services.department_names import match_names
from taskboard.services.renamings import seed_renamings
from tests.support.factories import Usual, writing_by

TODAY = date(2026, 11, 23)
CASES = [("province", "江南省"), ("city", "槐阳市"), ("county", "清河县"), ("enterprise", "云川能源集团有限公司")]


def put_in(session: Session, usual: Usual, code: str, place: str) -> directory_import.DirectoryReading:
    return directory_templates.apply_template(session, code, place, **writing_by(usual.actor("sun")))


def found(session: Session, name: str, body: str, day: date | None = None) -> str | None:
    top = match_names(session, [body])[body]
    assert top is not None
    department = match_written(session, [name], body_id=top.id, dated_on=day)[name].department
    return department.name if department else None


@pytest.mark.parametrize(("code", "place"), CASES)
def test_each_template_goes_in_whole(session: Session, usual: Usual, code: str, place: str) -> None:
    seen = directory_templates.preview_template(session, code, place, today=TODAY)

    reading = put_in(session, usual, code, place)

    assert reading.problems == []
    assert reading.mark == seen.mark
    assert len(reading.added) >= 19


def test_a_province_is_found_by_the_ways_in_which_its_documents_write(session: Session, usual: Usual) -> None:
    seed_renamings(session)
    put_in(session, usual, "province", "江南省")

    names = {
        "省发改委": "省发展和改革委员会",
        "省发展改革委": "省发展和改革委员会",
        "江南省工信厅": "省工业和信息化厅",
        "省环保厅": "省生态环境厅",
        "省人社厅": "省人力资源和社会保障厅",
        "省委编办": "省委机构编制委员会办公室",
        "省国资委": "省政府国有资产监督管理委员会",
        "各市（州）人民政府": "各市人民政府",
    }
    day = date(2017, 5, 1)
    assert {name: found(session, name, "江南省人民政府", day) for name in names} == names


def test_a_citys_bodies_are_written_in_full_and_found_by_their_short_forms(session: Session, usual: Usual) -> None:
    put_in(session, usual, "city", "槐阳市")

    names = {
        "团市委": "共青团槐阳市委员会",
        "共青团市委": "共青团槐阳市委员会",
        "共青团槐阳市委员会": "共青团槐阳市委员会",
        "市住房公积金管理中心": "槐阳市住房公积金管理中心",
        "市公积金管理中心": "槐阳市住房公积金管理中心",
    }

    assert {name: found(session, name, "槐阳市人民政府") for name in names} == names


def test_a_second_county_goes_by_full_names_and_leaves_the_first_alone(session: Session, usual: Usual) -> None:
    put_in(session, usual, "county", "清河县")

    second = put_in(session, usual, "county", "白石县")
    again = put_in(session, usual, "county", "白石县")

    assert second.changed == []
    assert (again.added, again.changed) == ([], [])

    assert found(session, "县教育局", "清河县人民政府") == "县教育局"
    assert found(session, "县教育局", "白石县人民政府") == "白石县教育局"


def test_put_in_twice_it_adds_nothing(session: Session, usual: Usual) -> None:
    put_in(session, usual, "county", "清河县")
    count = session.scalar(select(func.count()).select_from(Department))

    again = put_in(session, usual, "county", "清河县")

    assert (again.added, again.changed, again.problems) == ([], [], [])
    assert session.scalar(select(func.count()).select_from(Department)) == count


@pytest.mark.parametrize(
    ("code", "place", "expected"),
    [
        ("village", "槐阳市", ("template", "unknown")),
        ("city", "  ", ("place", "template_place_missing")),
        ("city", "槐阳", ("place", "template_place_wrong")),
        ("county", "江南省", ("place", "template_place_wrong")),
    ],
)
def test_a_place_of_another_kind_is_refused(
    session: Session, usual: Usual, code: str, place: str, expected: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        put_in(session, usual, code, place)

    assert (refused.value.field, refused.value.problem) == expected


def test_only_administrators_may(session: Session, usual: Usual) -> None:
    with pytest.raises(NotAllowed):
        directory_templates.apply_template(session, "city", "槐阳市", **writing_by(usual.actor("chen")))


def test_a_template_waits_like_an_upload(session: Session, usual: Usual) -> None:
    by = writing_by(usual.actor("sun"))

    upload = directory_templates.keep_template(session, "county", "清河县", parent_id=usual.body.id, **by)

    reading = directory_import.compare_upload(session, upload, today=TODAY)
    directory_import.apply_upload(session, upload.id, mark=reading.mark, **by)
    top = match_names(session, ["清河县人民政府"])["清河县人民政府"]
    assert top is not None
    assert top.parent_id == usual.body.id
