"""The pages of the directory: read by supervisors, kept by administrators, closed to everybody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.models import Department, DepartmentMember, DepartmentName
from taskboard.services.department_names import add_alias
from tests.support.factories import Usual, make_department, make_plan
from tests.support.visitor import Visitor

OUTSIDERS = ["li", "wang", "gao", "qian", "liu"]


def fresh(session: Session, department: Department) -> Department:
    session.rollback()
    return session.get_one(Department, department.id)


def filled(visitor: Visitor, path: str, **changed: str) -> dict[str, str]:
    """What the edit form of 市发展改革委 would send."""
    fields = {"name": "市发展改革委", "kind": "unit", "parent": "云泽市人民政府", "is_active": "y"}
    return {**visitor.form_at(path), **fields, **changed}


class TestReading:
    @pytest.mark.parametrize("name", ["sun", "chen"])
    def test_the_tree_is_shown_with_its_people(self, visitor: Visitor, usual: Usual, name: str) -> None:
        page = visitor.enter(getattr(usual, name)).get("/departments").text

        assert "市发展改革委" in page
        assert "李联络" in page
        assert "共 4 个单位" in page

    def test_a_department_is_found_however_its_name_is_written(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.enter(usual.chen).get("/departments", q="发展和改革委员会").text

        assert "市发展改革委" in page
        assert "市财政局" not in page

    def test_nothing_found_says_so_and_shows_the_words_as_text(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.enter(usual.chen).get("/departments", q="<b>没有\x00").text

        assert "没有找到" in page
        assert "<b>没有" not in page

    @pytest.mark.parametrize("asked", ["2", "0", "-1", "x", "999999999999999", "²"])
    def test_any_page_number_shows_a_page(self, visitor: Visitor, usual: Usual, session: Session, asked: str) -> None:
        for _ in range(60):
            make_department(session, parent=usual.body)
        session.commit()

        answer = visitor.enter(usual.chen).get("/departments", page=asked)

        assert answer.status_code == 200
        assert f"第 {2 if asked == '2' else 1} / 2 页" in answer.text

    def test_pages_of_a_search_keep_its_words(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        for number in range(60):
            make_department(session, f"第{number}站", parent=usual.body)
        session.commit()

        assert "q=%E7%AB%99&amp;page=2" in visitor.enter(usual.chen).get("/departments", q="站").text

    def test_a_supervisor_finds_nothing_to_change(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.chen)

        assert "添加单位" not in visitor.get("/departments").text
        assert "添加别名" not in visitor.get(f"/departments/{usual.lead.id}").text

    def test_one_that_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        assert visitor.enter(usual.chen).get("/departments/999").status_code == 404

    def test_names_are_completed_for_forms(self, visitor: Visitor, usual: Usual) -> None:
        assert visitor.enter(usual.sun).get("/departments/names", q="发改").json == ["市发展改革委"]

    @pytest.mark.parametrize("name", OUTSIDERS)
    @pytest.mark.parametrize("path", ["/departments", "/departments/1", "/departments/names"])
    def test_everybody_else_is_kept_out(self, visitor: Visitor, usual: Usual, name: str, path: str) -> None:
        answer = visitor.enter(getattr(usual, name)).get(path)

        assert answer.status_code == 403
        assert "市财政局" not in answer.text or name == "wang"


class TestAdding:
    def test_an_administrator_adds_a_department(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.enter(usual.sun)

        answer = visitor.post("/departments/new", name=" 市 气象局 ", kind="unit", parent="云泽市政府")

        assert answer.status_code == 302
        page = visitor.get(answer.location).text
        assert "已添加单位" in page
        assert "市 气象局" in page
        session.rollback()
        added = session.scalars(select(Department).where(Department.name == "市 气象局")).one()
        assert added.parent_id == usual.body.id

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"name": ""}, "请填写单位名称"),
            ({"name": "局" * 201}, "最多 200 个字，现在是 201 个字"),
            ({"name": "市发改委"}, "“市发改委”已是“市发展改革委”的名称或别名"),
            ({"name": "\x00\x07"}, "请填写单位名称"),
            ({"kind": "nonsense"}, "没有这一项"),
            ({"parent": "市气象台"}, "单位目录里没有“市气象台”"),
            ({"parent": "市发改局"}, "是不是：市发展改革委"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, visitor: Visitor, usual: Usual, fields: dict[str, str], words: str
    ) -> None:
        typed = {"name": "市气象局", "kind": "unit", "parent": "云泽市政府"} | fields

        answer = visitor.enter(usual.sun).post("/departments/new", **typed)

        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{typed["parent"]}"' in answer.text

    def test_a_form_sent_twice_adds_one(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.enter(usual.sun)
        for _ in range(2):
            visitor.post("/departments/new", name="市气象局", kind="unit")

        session.rollback()
        assert len(session.scalars(select(Department).where(Department.name == "市气象局")).all()) == 1

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    def test_nobody_else_adds_one(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        answer = visitor.enter(getattr(usual, name)).post("/departments/new", name="市气象局", kind="unit")

        assert answer.status_code == 403
        session.rollback()
        assert session.scalars(select(Department).where(Department.name == "市气象局")).all() == []


class TestChanging:
    def test_an_administrator_changes_a_department(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = f"/departments/{usual.lead.id}/edit"
        visitor.enter(usual.sun)

        answer = visitor.post(path, **filled(visitor, path, name="市发改物价局", needs_sign_off="y", parent=""))

        assert answer.status_code == 302
        changed = fresh(session, usual.lead)
        assert (changed.name, changed.parent_id, changed.needs_sign_off) == ("市发改物价局", None, True)
        assert "市发展改革委" in visitor.get(answer.location).text

    def test_the_form_shows_what_is_stored(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.enter(usual.sun).get(f"/departments/{usual.lead.id}/edit").text

        assert 'value="市发展改革委"' in page
        assert 'value="云泽市人民政府"' in page

    def test_a_ring_is_refused(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = f"/departments/{usual.body.id}/edit"
        visitor.enter(usual.sun)

        answer = visitor.post(path, **filled(visitor, path, name="云泽市人民政府", parent="市财政局"))

        assert answer.status_code == 422
        assert "上级单位不能是本单位或它的下级单位" in answer.text
        assert fresh(session, usual.body).parent_id is None

    def test_a_conflict_shows_both_texts_and_the_second_save_decides(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        path = f"/departments/{usual.lead.id}/edit"
        visitor.enter(usual.sun)
        mine = filled(visitor, path, name="我改的名称")
        usual.lead.name = "别人改的名称"
        session.commit()

        answer = visitor.post(path, **mine)

        assert answer.status_code == 409
        assert "别人改的名称" in answer.text
        assert 'value="我改的名称"' in answer.text
        assert fresh(session, usual.lead).name == "别人改的名称"

        version = answer.text.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
        assert visitor.post(path, **(mine | {"version": version})).status_code == 302
        assert fresh(session, usual.lead).name == "我改的名称"

    @pytest.mark.parametrize("version", ["", "x", "-1", "0", "9" * 30])
    def test_a_version_that_is_none_is_a_conflict(
        self, visitor: Visitor, usual: Usual, session: Session, version: str
    ) -> None:
        path = f"/departments/{usual.lead.id}/edit"
        visitor.enter(usual.sun)

        answer = visitor.post(path, **filled(visitor, path, name="新名称", version=version))

        assert answer.status_code == 409
        assert fresh(session, usual.lead).name == "市发展改革委"

    def test_one_that_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)

        assert visitor.get("/departments/999/edit").status_code == 404
        assert visitor.post("/departments/999/edit", name="甲", kind="unit", version="1").status_code == 404

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    def test_nobody_else_changes_one(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        path = f"/departments/{usual.lead.id}/edit"

        answer = visitor.enter(getattr(usual, name)).post(path, name="新名称", kind="unit", version="1")

        assert answer.status_code == 403
        assert fresh(session, usual.lead).name == "市发展改革委"


class TestMembers:
    @pytest.fixture
    def group(self, session: Session, usual: Usual) -> Department:
        group = make_department(session, "各有关部门", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
        session.commit()
        return group

    def member_ids(self, session: Session, group: Department) -> list[int]:
        session.rollback()
        query = select(DepartmentMember.member_id).where(DepartmentMember.group_id == group.id)
        return list(session.scalars(query.order_by(DepartmentMember.id)))

    def test_an_administrator_adds_several_ends_one_and_takes_one_back(
        self, visitor: Visitor, usual: Usual, session: Session, group: Department
    ) -> None:
        place = f"/departments/{group.id}/members"
        visitor.enter(usual.sun)

        assert visitor.post(place, members="市发改委、市财政局\n市教育局", from_on="2026-11-23").status_code == 302
        assert self.member_ids(session, group) == [usual.lead.id, usual.partner.id, usual.other.id]
        first, second, _ = session.scalars(select(DepartmentMember.id).order_by(DepartmentMember.id))
        assert visitor.post(f"{place}/{first}/end", last_day="2026-12-31").status_code == 302
        assert visitor.post(f"{place}/{second}/remove").status_code == 302

        page = visitor.get(f"/departments/{group.id}").text
        assert "至2026年12月31日" in page
        assert self.member_ids(session, group) == [usual.lead.id, usual.other.id]
        assert "各有关部门" in visitor.get(f"/departments/{usual.lead.id}").text

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"members": ""}, "请填写成员单位"),
            ({"members": "市财政局、市气象台"}, "单位目录里没有“市气象台”"),
            ({"members": "市发改局"}, "是不是：市发展改革委"),
            ({"members": "各有关部门"}, "“各有关部门”是集合单位"),
            ({"from_on": ""}, "请填写开始日"),
            ({"to_on": "2026-01-01"}, "结束日不能早于开始日"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_half_stored(
        self, visitor: Visitor, usual: Usual, group: Department, fields: dict[str, str], words: str
    ) -> None:
        typed = {"members": "市财政局", "from_on": "2026-11-23"} | fields

        answer = visitor.enter(usual.sun).post(f"/departments/{group.id}/members", **typed)

        assert answer.status_code == 422
        assert words in answer.text
        assert typed["members"] in answer.text
        assert "还没有成员单位" in visitor.get(f"/departments/{group.id}").text

    def test_a_day_that_cannot_be_stands_beside_its_member(
        self, visitor: Visitor, usual: Usual, session: Session, group: Department
    ) -> None:
        place = f"/departments/{group.id}/members"
        visitor.enter(usual.sun)
        visitor.post(place, members="市财政局", from_on="2026-11-23")
        session.rollback()
        row_id = session.scalars(select(DepartmentMember.id)).one()

        answer = visitor.post(f"{place}/{row_id}/end", last_day="2026-01-01")

        assert answer.status_code == 422
        assert "结束日不能早于开始日" in answer.text
        assert 'value="2026-01-01"' in answer.text

    def test_a_unit_has_no_members(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)

        assert "成员单位" not in visitor.get(f"/departments/{usual.lead.id}").text
        answer = visitor.post(f"/departments/{usual.lead.id}/members", members="市财政局", from_on="2026-11-23")
        assert answer.status_code == 422
        assert "不是集合单位" in answer.text

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    def test_nobody_else_changes_members(
        self, visitor: Visitor, usual: Usual, session: Session, group: Department, name: str
    ) -> None:
        visitor.enter(getattr(usual, name))
        place = f"/departments/{group.id}/members"

        assert visitor.post(place, members="市财政局", from_on="2026-11-23").status_code == 403
        assert visitor.post(f"{place}/1/end", last_day="2026-11-23").status_code == 403
        assert visitor.post(f"{place}/1/remove").status_code == 403
        assert self.member_ids(session, group) == []


class TestAliases:
    def aliases(self, session: Session, department: Department) -> list[str]:
        session.rollback()
        query = select(DepartmentName.name).where(
            DepartmentName.department_id == department.id, ~DepartmentName.is_official
        )
        return list(session.scalars(query))

    def test_an_administrator_adds_and_removes_one(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.enter(usual.sun)
        place = f"/departments/{usual.lead.id}/names"

        assert visitor.post(place, alias="市物价局").status_code == 302
        assert self.aliases(session, usual.lead) == ["市物价局"]

        alias = session.scalars(select(DepartmentName).where(DepartmentName.name == "市物价局")).one()
        assert visitor.post(f"{place}/{alias.id}/remove").status_code == 302
        assert self.aliases(session, usual.lead) == []

    @pytest.mark.parametrize(
        ("alias", "words"),
        [("市财政局", "“市财政局”已是“市财政局”的名称或别名"), ("", "请填写别名"), ("。" * 201, "最多 200")],
    )
    def test_one_that_cannot_be_is_refused_and_stays_typed(
        self, visitor: Visitor, usual: Usual, session: Session, alias: str, words: str
    ) -> None:
        answer = visitor.enter(usual.sun).post(f"/departments/{usual.lead.id}/names", alias=alias)

        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{alias}"' in answer.text
        assert self.aliases(session, usual.lead) == []

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    def test_nobody_else_adds_or_removes_one(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        add_alias(session, usual.lead.id, "市物价局")
        session.commit()
        alias = session.scalars(select(DepartmentName).where(DepartmentName.name == "市物价局")).one()
        visitor.enter(getattr(usual, name))
        place = f"/departments/{usual.lead.id}/names"

        assert visitor.post(place, alias="市能源局").status_code == 403
        assert visitor.post(f"{place}/{alias.id}/remove").status_code == 403
        assert self.aliases(session, usual.lead) == ["市物价局"]


def test_who_has_imported_a_document_is_not_told_how_to_begin(visitor: Visitor, usual: Usual, session: Session) -> None:
    assert "接下来" in visitor.enter(usual.sun).get("/departments").text
    assert "接下来" not in visitor.enter(usual.chen).get("/departments").text

    make_plan(session, body=usual.body, imported_by=usual.chen)
    session.commit()

    assert "接下来" not in visitor.enter(usual.sun).get("/departments").text
