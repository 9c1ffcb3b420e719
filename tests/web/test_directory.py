"""The directory as a whole at its pages: out, in after a preview, from a template; and departments that follow."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.models import Assignment, Department, DirectoryUpload, Person
from taskboard.services.department_names import match_names
from taskboard.services.directory_sheets import read_sheets
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task
from tests.support.visitor import Visitor

OUTSIDERS = ["li", "gao", "chen", "liu"]
MARK = re.compile(r'name="mark"[^>]*value="([0-9a-f]+)"')


def upload(visitor: Visitor, text: str | bytes, **fields: str) -> str:
    """Send a table and give the address of its preview."""
    content = text.encode() if isinstance(text, str) else text
    answer = visitor.post("/directory/import", file=(BytesIO(content), "目录.csv"), **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def mark_at(visitor: Visitor, path: str) -> str:
    found = MARK.search(visitor.get(path).text)
    assert found is not None
    return found[1]


def named(session: Session, name: str) -> Department | None:
    session.rollback()
    return match_names(session, [name])[name]


class TestExchange:
    def test_what_was_exported_goes_back_in(self, visitor: Visitor, usual: Usual) -> None:
        content = visitor.enter(usual.sun).get("/directory/departments.xlsx").data

        answer = visitor.post("/directory/import", file=(BytesIO(content), "目录.xlsx"))

        page = visitor.get(str(answer.location)).text
        assert "新增 0 项，变更 0 项，没有变化 12 项" in page
        assert "确认导入" not in page
        assert "放弃" not in page
        assert "还没有确认的文件" not in visitor.get("/directory/import").text

    def test_a_blank_template_has_the_columns_that_are_read_and_wants_rows(
        self, visitor: Visitor, usual: Usual
    ) -> None:
        assert 'href="/directory/blank.xlsx"' in visitor.enter(usual.sun).get("/directory/import").text
        content = visitor.get("/directory/blank.xlsx").data

        answer = visitor.post("/directory/import", file=(BytesIO(content), "目录.xlsx"))

        assert [sheet["name"] for sheet in read_sheets(content, "目录.xlsx")] == ["单位", "人员"]
        assert answer.status_code == 422
        assert "表里只有列名，没有单位，也没有人员" in answer.text

    def test_a_file_that_cannot_be_read_is_not_told_to_paste_where_there_is_no_box(
        self, visitor: Visitor, usual: Usual
    ) -> None:
        answer = visitor.enter(usual.sun).post("/directory/import", file=(BytesIO(b""), "目录.csv"))

        assert answer.status_code == 422
        assert "文件是空的" in answer.text
        assert "粘贴" not in answer.text

    @pytest.mark.parametrize("path", ["/directory/departments.csv", "/directory/people.csv"])
    def test_texts_open_in_spreadsheet_programs(self, visitor: Visitor, usual: Usual, path: str) -> None:
        assert visitor.enter(usual.sun).get(path).data.startswith(b"\xef\xbb\xbf")

    def test_a_file_is_shown_before_it_is_taken_over(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = upload(visitor.enter(usual.sun), "单位名称\n市水利局\n", parent="云泽市政府")
        shown = visitor.get(path).text
        before = named(session, "市水利局")

        answer = visitor.post(f"{path}/apply", mark=mark_at(visitor, path))

        assert "市水利局" in shown
        assert before is None
        assert answer.status_code == 303
        added = named(session, "市水利局")
        assert added is not None
        assert added.parent_id == usual.body.id

    def test_a_wrong_cell_is_told_and_the_file_kept(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = upload(visitor.enter(usual.sun), "单位名称,上级单位\n市水利局,没有的单位\n")

        page = visitor.get(path).text

        assert "B2（上级单位）" in page
        assert "确认导入" not in page
        assert visitor.get(f"{path}/file").data == "单位名称,上级单位\n市水利局,没有的单位\n".encode()
        assert visitor.post(f"{path}/apply", mark="0").status_code == 409
        assert "目录.csv" in visitor.get("/directory/import").text
        assert visitor.post(f"{path}/give-up").status_code == 303
        assert "目录.csv" not in visitor.get("/directory/import").text

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("单位名称,上级单位\n甲局,乙局\n乙局,甲局\n", ("B2（上级单位）", "成了自己的下级")),
            ("单位名称,别名\n甲局,丙办\n乙局,丙办\n", ("B3（别名）", "同一名称只能属于一个单位，请删去其中一处")),
            ("单位名称,别名\n甲局,市发改委\n", ("B2（别名）", "同一名称只能属于一个单位，请删去其中一处")),
            ("单位名称,曾用名\n甲局,甲办（至2018-02-30）\n", ("B2（曾用名）", "请写成 2026-11-21 这样")),
            ("单位名称,曾用名\n甲局,甲办（2019-01-01至2018-01-01）\n", ("B2（曾用名）", "结束日不能早于开始日")),
            (
                "账号,姓名,单位,岗位,开始日\njia,甲,市发展改革委,联络员,明天\n",
                ("E2（开始日）", "请写成 2026-11-21 这样"),
            ),
            ("账号,姓名,单位,岗位\njia,甲,市发展改革委,局长\n", ("D2（岗位）", "岗位只能填")),
        ],
    )
    def test_what_is_wrong_in_a_file_is_told_at_its_cell_and_nothing_of_it_is_stored(
        self, visitor: Visitor, usual: Usual, session: Session, content: str, told: tuple[str, str]
    ) -> None:
        before = len(session.scalars(select(Department)).all())
        path = upload(visitor.enter(usual.sun), content)

        page = visitor.get(path).text

        assert all(words in page for words in told)
        assert "确认导入" not in page
        assert visitor.post(f"{path}/apply", mark="0").status_code == 409
        session.rollback()
        assert len(session.scalars(select(Department)).all()) == before
        assert session.scalars(select(Person).where(Person.username == "jia")).all() == []

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_a_text_comes_in_as_spreadsheet_programs_save_it(
        self, visitor: Visitor, usual: Usual, session: Session, encoding: str
    ) -> None:
        path = upload(visitor.enter(usual.sun), "单位名称,上级单位\n市水利局,云泽市人民政府\n".encode(encoding))

        visitor.post(f"{path}/apply", mark=mark_at(visitor, path))

        added = named(session, "市水利局")
        assert added is not None
        assert added.parent_id == usual.body.id

    def test_what_looks_like_a_formula_is_a_name(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = upload(visitor.enter(usual.sun), '单位名称\n"=HYPERLINK(""http://x"",""局"")"\n')

        visitor.post(f"{path}/apply", mark=mark_at(visitor, path))

        session.rollback()
        stored = session.scalars(select(Department.name).where(Department.name.startswith("="))).all()
        assert stored == ['=HYPERLINK("http://x","局")']
        assert b"'=HYPERLINK" in visitor.get("/directory/departments.csv").data

    def test_fifty_thousand_rows_are_refused_with_what_to_do(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        visitor.enter(usual.sun)
        rows = "".join(f"第{number}局\n" for number in range(50_000))

        answer = visitor.post(
            "/directory/import", file=(BytesIO(f"单位名称\n{rows}".encode()), "目录.csv"), parent="云泽市人民政府"
        )

        assert answer.status_code == 422
        assert "一次最多导入 20000 行，请分成几个文件" in answer.text
        assert 'value="云泽市人民政府"' in answer.text
        assert session.scalars(select(DirectoryUpload)).all() == []

    def test_who_confirms_second_sees_the_new_state_first(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)
        first, second = (upload(visitor, "单位名称\n市水利局\n") for _ in range(2))
        mark = mark_at(visitor, second)
        visitor.post(f"{first}/apply", mark=mark_at(visitor, first))

        answer = visitor.post(f"{second}/apply", mark=mark)

        assert answer.status_code == 409
        assert "有人改过单位目录" in answer.text

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "请选择单位目录文件"),
            (b"\xe7\x94\xb2,\xe4\xb9\x99\n1,2\n", "没有“单位名称”一列"),
            (b"%PDF-1.4", "只能导入 .xlsx 或 .csv"),
        ],
    )
    def test_a_file_that_will_not_do_is_refused(
        self, visitor: Visitor, usual: Usual, session: Session, content: bytes | None, words: str
    ) -> None:
        visitor.enter(usual.sun)
        fields = {"file": (BytesIO(content), "目录.csv")} if content else {}

        answer = visitor.post("/directory/import", **fields)

        assert answer.status_code == 422
        assert words in answer.text
        assert session.scalars(select(DirectoryUpload)).all() == []

    def test_a_template_is_shown_with_its_place_first(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.enter(usual.sun)

        wrong = visitor.post("/directory/template", template="county", place="清河")
        right = visitor.post("/directory/template", template="county", place="清河县", parent="云泽市人民政府")

        assert (wrong.status_code, right.status_code) == (422, 303)
        assert "清河县" in wrong.text
        page = visitor.get(str(right.location)).text
        assert "县发展和改革局" in page
        assert named(session, "县发展和改革局") is None

    @pytest.mark.parametrize("name", OUTSIDERS)
    def test_nobody_else_gets_in(self, visitor: Visitor, usual: Usual, name: str) -> None:
        visitor.enter(usual.sun)
        path = upload(visitor, "单位名称\n市水利局\n")
        visitor.enter(getattr(usual, name))

        paths = ["/directory/departments.xlsx", "/directory/departments.csv", "/directory/people.csv"]
        answers = [visitor.get(one) for one in [*paths, "/directory/import", path, f"{path}/file"]]
        answers += [visitor.post(f"{path}/apply"), visitor.post(f"{path}/give-up"), visitor.post("/directory/template")]

        assert {one.status_code for one in answers} <= {403, 404}

    def test_an_upload_that_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)

        assert visitor.get("/directory/import/999").status_code == 404
        assert visitor.post("/directory/import/999/apply", mark="0").status_code == 404


class TestSuccession:
    FIELDS = {"kind": "merger", "successors": "市教育局", "from_on": "2026-11-23", "reason": "机构改革方案"}  # noqa: RUF012

    def test_it_is_shown_and_then_carried_out(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        task = make_task(session, plan=plan, lead=usual.lead, partners=(usual.other,), title="两家都在的任务")
        session.commit()
        path = f"/departments/{usual.lead.id}/succession"
        visitor.enter(usual.sun)

        shown = visitor.get(visitor.post(path, **self.FIELDS, moves_posts="y").location)
        found = MARK.search(shown.text)
        assert found is not None
        answer = visitor.post(f"{path}/confirm", **self.FIELDS, moves_posts="y", mark=found[1])

        assert "接续单位由配合改为牵头" in shown.text
        assert answer.status_code == 303, answer.text
        session.rollback()
        roles = {one.department_id: one.state.value for one in session.scalars(select(Assignment))}
        assert roles == {usual.lead.id: "withdrawn", usual.other.id: "in_progress"}
        assert "转 1 项任务" in visitor.get(f"/departments/{usual.lead.id}").text
        assert task.id

    def test_the_preview_has_an_address_with_all_that_was_typed(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        task = make_task(session, plan=make_plan(session, body=usual.body, imported_by=usual.chen), lead=usual.lead)
        session.commit()
        chosen = f"work-{session.scalars(select(Assignment.id).where(Assignment.task_id == task.id)).one()}"
        fields = self.FIELDS | {"kind": "transfer", chosen: str(usual.other.id)}

        sent = visitor.enter(usual.sun).post(f"/departments/{usual.lead.id}/succession", **fields)
        pages = [visitor.get(sent.location) for _ in range(2)]

        assert sent.status_code == 303
        assert [one.status_code for one in pages] == [200, 200]
        assert "机构改革方案" in pages[1].text
        assert f'<option value="{usual.other.id}" selected>' in pages[1].text

    def test_nobody_else_sees_what_was_kept(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        other = make_person(session, "钱管理", (Role.ADMINISTRATOR, usual.body))
        session.commit()
        sent = visitor.enter(usual.sun).post(f"/departments/{usual.lead.id}/succession", **self.FIELDS)

        page = visitor.enter(other).get(sent.location).text

        assert "机构改革方案" not in page
        assert "请重新填写" in page

    def test_what_changed_meanwhile_is_shown_again(self, visitor: Visitor, usual: Usual) -> None:
        path = f"/departments/{usual.lead.id}/succession"

        answer = visitor.enter(usual.sun).post(f"{path}/confirm", **self.FIELDS, mark="old")

        assert answer.status_code == 409
        assert "请核对后再次确认" in answer.text
        assert "机构改革方案" in answer.text

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"successors": "没有的局"}, "单位目录里没有"),
            ({"successors": "市发展改革委"}, "接续单位不能是本单位"),
            ({"reason": ""}, "请填写依据"),
            ({"from_on": ""}, "请填写生效日期"),
            ({"from_on": "2026-11-24"}, "生效日期不能晚于今天"),
            ({"kind": "split"}, "分设"),
        ],
    )
    def test_a_wrong_field_is_told_with_the_rest_as_typed(
        self, visitor: Visitor, usual: Usual, changed: dict[str, str], words: str
    ) -> None:
        path = f"/departments/{usual.lead.id}/succession"

        answer = visitor.enter(usual.sun).post(path, **(self.FIELDS | changed))

        assert answer.status_code == 422
        assert words in answer.text

    @pytest.mark.parametrize("name", OUTSIDERS)
    def test_nobody_else_may(self, visitor: Visitor, usual: Usual, name: str) -> None:
        path = f"/departments/{usual.lead.id}/succession"
        visitor.enter(getattr(usual, name))

        answers = [visitor.get(path), visitor.post(path), visitor.post(f"{path}/confirm", **self.FIELDS)]

        assert {one.status_code for one in answers} <= {403, 404}

    def test_one_that_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)

        assert visitor.get("/departments/999/succession").status_code == 404
        assert visitor.post("/departments/999/succession/confirm", **self.FIELDS).status_code == 404


class TestTreeAndNames:
    def test_the_tree_shows_everything_at_once(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        make_department(session, "价格处", parent=usual.lead)
        session.commit()

        page = visitor.enter(usual.chen).get("/departments/tree").text

        assert "价格处" in page
        assert "4 个下级单位" in page

    def test_a_renaming_shows_the_old_name_with_its_days(self, visitor: Visitor, usual: Usual) -> None:
        path = f"/departments/{usual.lead.id}"
        visitor.enter(usual.sun)
        fields = {**visitor.form_at(f"{path}/edit"), "kind": "unit", "parent": "云泽市人民政府", "is_active": "y"}

        answer = visitor.post(f"{path}/edit", **fields, name="市改革局", level="", renamed_on="2026-11-01")

        assert answer.status_code == 302, answer.text
        page = visitor.get(path).text
        assert "曾用名" in page
        assert "2026年10月31日" in page or "2026-10-31" in page

    def test_an_old_name_is_added_and_a_wrong_one_told(self, visitor: Visitor, usual: Usual) -> None:
        path = f"/departments/{usual.lead.id}"
        visitor.enter(usual.sun)

        right = visitor.post(f"{path}/old-names", old_name="市计委", valid_to="2003-03-09")
        wrong = visitor.post(f"{path}/old-names", old_name="市财政局", valid_to="2003-03-09")

        assert (right.status_code, wrong.status_code) == (302, 422)
        assert "市计委" in visitor.get(path).text
        assert "同一名称只能属于一个单位" in wrong.text
