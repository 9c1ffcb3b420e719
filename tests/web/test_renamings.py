"""The pages of renamings: read by supervisors, kept by administrators, closed to everybody else."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import DepartmentRenaming
from taskboard.services.renamings import seed_renamings
from tests.support.factories import Usual
from tests.support.visitor import Visitor

LIST = "/departments/renamings"
FIELDS = {"old_names": "市政园林局、园林局", "new_names": "城市建设局", "from_on": "2026-05-01", "note": "机构改革"}


@pytest.fixture
def one(session: Session, usual: Usual) -> DepartmentRenaming:
    one = DepartmentRenaming(old_names="甲乙局", new_names="丙丁局", from_on=date(2018, 3, 17))
    session.add(one)
    session.commit()
    return one


def stored(session: Session) -> list[tuple[str, str, bool]]:
    session.rollback()
    rows = session.scalars(select(DepartmentRenaming).order_by(DepartmentRenaming.id))
    return [(row.old_names, row.new_names, row.is_active) for row in rows]


def filled(visitor: Visitor, path: str, **changed: str) -> dict[str, str]:
    return {**visitor.form_at(path), **FIELDS, "is_active": "y", **changed}


class TestReading:
    @pytest.mark.parametrize("name", ["sun", "chen"])
    def test_the_shipped_ones_are_shown(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        seed_renamings(session)
        session.commit()

        page = visitor.enter(getattr(usual, name)).get(LIST, q="环保局").text

        assert "生态环境局" in page
        assert "2018年3月17日" in page
        assert "物价局" not in page

    def test_a_supervisor_finds_nothing_to_change(
        self, visitor: Visitor, usual: Usual, one: DepartmentRenaming
    ) -> None:
        page = visitor.enter(usual.chen).get(LIST).text

        assert "甲乙局" in page
        assert "添加更名" not in page
        assert "/edit" not in page

    def test_nothing_found_says_so(self, visitor: Visitor, usual: Usual, one: DepartmentRenaming) -> None:
        assert "没有找到“&lt;b&gt;”" in visitor.enter(usual.chen).get(LIST, q="<b>").text

    def test_the_directory_leads_there(self, visitor: Visitor, usual: Usual) -> None:
        assert f'href="{LIST}"' in visitor.enter(usual.chen).get("/departments").text

    @pytest.mark.parametrize("name", ["li", "wang", "gao", "qian", "liu"])
    def test_everybody_else_is_kept_out(
        self, visitor: Visitor, usual: Usual, one: DepartmentRenaming, name: str
    ) -> None:
        answer = visitor.enter(getattr(usual, name)).get(LIST)

        assert answer.status_code == 403
        assert "甲乙局" not in answer.text


class TestKeeping:
    def test_an_administrator_adds_one(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        answer = visitor.enter(usual.sun).post(f"{LIST}/new", **FIELDS, is_active="y")

        assert answer.status_code == 302
        assert "已添加更名" in visitor.get(answer.location).text
        assert stored(session) == [("市政园林局、园林局", "城市建设局", True)]

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"old_names": " "}, "请填写旧名称"),
            ({"new_names": "局"}, "“局”不能用"),
            ({"new_names": "园林局"}, "“园林局”既是旧名称又是新名称"),
            ({"from_on": "2018-02-30"}, "日期的写法不对"),
            ({"old_names": "字" * 501}, "最多 500 个字"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, visitor: Visitor, usual: Usual, session: Session, changed: dict[str, str], words: str
    ) -> None:
        answer = visitor.enter(usual.sun).post(f"{LIST}/new", **(FIELDS | changed))

        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="机构改革"' in answer.text
        assert stored(session) == []

    def test_one_is_ended_by_switching_it_off(
        self, visitor: Visitor, usual: Usual, session: Session, one: DepartmentRenaming
    ) -> None:
        path = f"{LIST}/{one.id}/edit"
        visitor.enter(usual.sun)
        fields = filled(visitor, path, old_names="甲乙局", new_names="丙丁局")
        del fields["is_active"]

        assert visitor.post(path, **fields).status_code == 302

        assert stored(session) == [("甲乙局", "丙丁局", False)]
        assert "已停用" in visitor.get(LIST).text

    def test_a_conflict_shows_both_texts_and_the_second_save_decides(
        self, visitor: Visitor, usual: Usual, session: Session, one: DepartmentRenaming
    ) -> None:
        path = f"{LIST}/{one.id}/edit"
        visitor.enter(usual.sun)
        mine = filled(visitor, path)
        one.new_names = "别人改的局"
        session.commit()

        answer = visitor.post(path, **mine)

        assert answer.status_code == 409
        assert "别人改的局" in answer.text
        assert "城市建设局" in answer.text
        version = answer.text.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
        assert visitor.post(path, **(mine | {"version": version})).status_code == 302
        assert stored(session) == [("市政园林局、园林局", "城市建设局", True)]

    def test_one_that_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        assert visitor.enter(usual.sun).get(f"{LIST}/999/edit").status_code == 404
        assert visitor.post(f"{LIST}/999/edit", **FIELDS, version="1").status_code == 404

    @pytest.mark.parametrize("name", ["chen", "li", "gao", "liu"])
    def test_nobody_else_keeps_them(
        self, visitor: Visitor, usual: Usual, session: Session, one: DepartmentRenaming, name: str
    ) -> None:
        visitor.enter(getattr(usual, name))

        assert visitor.post(f"{LIST}/new", **FIELDS).status_code == 403
        assert visitor.post(f"{LIST}/{one.id}/edit", **FIELDS, version="1").status_code == 403
        assert stored(session) == [("甲乙局", "丙丁局", True)]
