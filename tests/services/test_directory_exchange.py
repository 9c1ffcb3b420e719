"""The directory goes out as a table and comes back: what changed is shown, nothing is deleted, nothing half-stored."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from datetime import date
from io import BytesIO, StringIO

import pytest
import xlsxwriter
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from taskboard.documents.document import DocumentError
from taskboard.documents.rows import read_rows
from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.directory_tables import Problem
from taskboard.domain.errors import Invalid, NotAllowed, Stale
from taskboard.domain.history import Subject
from taskboard.domain.roles import Role
from taskboard.labels.directory import DEPARTMENT_COLUMNS, PEOPLE_COLUMNS, cell_problem
from taskboard.labels.errors import problem_words
from taskboard.models import Department, DepartmentMember, DepartmentName, HistoryEntry, Person, PersonPost
from taskboard.services import department_names, directory_export, directory_import, directory_sheets, members
from taskboard.services.directory_changes import DirectoryReading
from tests.support.factories import NOW, Usual, make_department, make_plan, make_task, writing_by
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)
HEAD = [column.value for column in DEPARTMENT_COLUMNS]
PEOPLE = [column.value for column in PEOPLE_COLUMNS]


def csv_of(*rows: Sequence[str], encoding: str = "utf-8-sig") -> bytes:
    stream = StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode(encoding)


def compare(session: Session, content: bytes, parent: Department | None = None) -> DirectoryReading:
    sheets = directory_sheets.sheets_of(read_rows(content))
    return directory_import.compare_sheets(session, sheets, parent_id=parent.id if parent else None, today=TODAY)


def take_over(session: Session, usual: Usual, content: bytes, parent: Department | None = None) -> DirectoryReading:
    sheets = directory_sheets.sheets_of(read_rows(content))
    by = writing_by(usual.actor("sun"))
    parent_id = parent.id if parent else None
    upload = directory_import.keep_upload(
        session, content=content, name="目录.xlsx", sheets=sheets, parent_id=parent_id, actor=by["actor"], now=NOW
    )
    seen = directory_import.compare_upload(session, upload, today=TODAY)
    return directory_import.apply_upload(session, upload.id, mark=seen.mark, **by)


def exported(session: Session, usual: Usual) -> directory_export.DirectoryTables:
    return directory_export.load_directory_tables(session, actor=usual.actor("sun"), today=TODAY)


def named(session: Session, name: str) -> Department:
    found = department_names.match_names(session, [name])[name]
    assert found is not None, name
    return found


def told(reading: DirectoryReading) -> list[tuple[str, Problem]]:
    return [(one.cell, one.problem) for one in reading.problems]


def filled(session: Session, usual: Usual) -> Department:
    """A directory with something in every column."""
    group = make_department(session, "各成员单位", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    sun = writing_by(usual.actor("sun"))
    department_names.add_alias(session, usual.lead.id, "市物价局")
    department_names.give_old_name(session, usual.lead.id, "市计委", valid_from=None, valid_to=date(2003, 3, 9), **sun)
    members.add_members(session, group.id, [usual.lead.id], from_on=date(2026, 1, 1), **sun)
    usual.body.level = DepartmentLevel.CITY
    session.flush()
    return group


class TestRoundTrip:
    def test_an_exported_workbook_changes_nothing(self, session: Session, usual: Usual) -> None:
        filled(session, usual)
        tables = exported(session, usual)

        reading = compare(session, directory_export.write_workbook(tables))

        assert (reading.added, reading.changed, reading.problems, reading.unread_columns) == ([], [], [], [])
        assert reading.unchanged == len(tables.departments) + 8

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_an_exported_text_changes_nothing_in_whatever_encoding_it_was_saved(
        self, session: Session, usual: Usual, encoding: str
    ) -> None:
        filled(session, usual)
        text = directory_export.write_csv(DEPARTMENT_COLUMNS, exported(session, usual).departments)

        reading = compare(session, text.decode("utf-8-sig").encode(encoding))

        assert (reading.added, reading.changed, reading.problems) == ([], [], [])
        assert reading.unchanged == 5

    def test_all_columns_come_back_into_an_empty_directory(self, session: Session, usual: Usual) -> None:
        content = csv_of(
            HEAD,
            ["", "槐阳市人民政府", "", "单位", "市级", "", "", "", "否", "在用", ""],
            [
                "",
                "槐阳市发展和改革委员会",
                "槐阳市政府",
                "单位",
                "",
                "槐阳市物价局",
                "槐阳市计划委员会（1990-01-01至2003-03-09）",
                "各委办局（2026-01-01起）",
                "是",
                "",
                "",
            ],
            ["", "各委办局", "槐阳市人民政府", "集合单位", "", "", "", "", "", "", ""],
        )

        reading = take_over(session, usual, content)

        assert (len(reading.added), reading.changed, reading.problems) == (3, [], [])
        body, office, group = (named(session, one) for one in ("槐阳市政府", "槐阳市物价局", "各委办局"))
        assert (body.level, body.needs_sign_off, body.path) == (DepartmentLevel.CITY, False, f"/{body.id}/")
        assert (office.name, office.parent_id, office.path) == (
            "槐阳市发展和改革委员会",
            body.id,
            f"{body.path}{office.id}/",
        )
        assert department_names.names_on(session, [office.id], date(2000, 1, 1)) == {office.id: "槐阳市计划委员会"}
        assert group.kind is DepartmentKind.COLLECTIVE
        assert [one.id for one in members.members_on(session, group.id, date(2026, 1, 1))] == [office.id]

    def test_cells_that_look_like_formulas_come_out_harmless_and_back_as_they_were(
        self, session: Session, usual: Usual
    ) -> None:
        department_names.add_alias(session, usual.lead.id, "=1+1局")
        department_names.add_alias(session, usual.other.id, "@教育")
        tables = exported(session, usual)

        text = directory_export.write_csv(DEPARTMENT_COLUMNS, tables.departments)

        cells = [cell for row in csv.reader(StringIO(text.decode("utf-8-sig"))) for cell in row]
        assert {"'=1+1局", "'@教育"} <= set(cells)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert compare(session, text).changed == []
        assert b"<f>" not in directory_export.write_workbook(tables)

    def test_only_administrators_export(self, session: Session, usual: Usual) -> None:
        with pytest.raises(NotAllowed):
            directory_export.load_directory_tables(session, actor=usual.actor("chen"), today=TODAY)


class TestChanges:
    def test_a_changed_name_is_a_renaming_of_today(self, session: Session, usual: Usual) -> None:
        rows = exported(session, usual).departments
        row = next(one for one in rows if one[1] == "市发展改革委")
        row[1] = "市改革和数据局"

        reading = take_over(session, usual, csv_of(HEAD, *rows))

        (entry,) = reading.changed
        assert [(one.column, one.before, one.after) for one in entry.details] == [
            ("单位名称", "市发展改革委", "市改革和数据局")
        ]
        new, old = department_names.list_names(session, usual.lead.id)
        assert (new.name, new.valid_from, old.name, old.valid_to) == (
            "市改革和数据局",
            TODAY,
            "市发展改革委",
            date(2026, 11, 22),
        )

    def test_another_parent_moves_all_that_is_below(self, session: Session, usual: Usual) -> None:
        child = make_department(session, "价格处", parent=usual.lead)
        rows = exported(session, usual).departments
        next(one for one in rows if one[1] == "市发展改革委")[2] = "市财政局"

        take_over(session, usual, csv_of(HEAD, *rows))

        session.refresh(child)
        assert child.path == f"{usual.partner.path}{usual.lead.id}/{child.id}/"

    def test_what_the_file_does_not_name_stays(self, session: Session, usual: Usual) -> None:
        filled(session, usual)
        before = {
            model: session.scalar(select(func.count()).select_from(model))
            for model in (Department, DepartmentName, DepartmentMember, Person, PersonPost)
        }

        take_over(session, usual, csv_of(["单位名称"], ["市发展改革委"]))

        after = {model: session.scalar(select(func.count()).select_from(model)) for model in before}
        assert after == before

    def test_departments_without_parent_are_put_below_the_chosen_one(self, session: Session, usual: Usual) -> None:
        take_over(
            session, usual, csv_of(["单位名称", "上级单位"], ["市水利局", ""], ["河湖处", "市水利局"]), usual.body
        )

        assert named(session, "市水利局").parent_id == usual.body.id
        assert named(session, "河湖处").path == f"{named(session, '市水利局').path}{named(session, '河湖处').id}/"

    def test_people_come_with_their_posts(self, session: Session, usual: Usual) -> None:
        content = csv_of(
            PEOPLE,
            ["zhou", "周新来", "zhou@example.org", "市教育局", "联络员", "2026-12-01", ""],
            ["zhou", "周新来", "zhou@example.org", "市财政局", "承办人", "", "2026-12-31"],
            ["li", "李改名", "", "市发展改革委", "联络员", "2015-01-01", "2026-12-31"],
        )

        reading = take_over(session, usual, content)

        assert ([one.name for one in reading.added], [one.name for one in reading.changed]) == (
            ["周新来（zhou）"],
            ["李改名（li）"],
        )
        zhou = session.scalars(select(Person).where(Person.username == "zhou")).one()
        posts = session.scalars(select(PersonPost).where(PersonPost.person_id == zhou.id).order_by(PersonPost.id))
        assert [(one.department_id, one.role, one.from_on, one.to_on) for one in posts] == [
            (usual.other.id, Role.LIAISON, date(2026, 12, 1), None),
            (usual.partner.id, Role.OFFICER, TODAY, date(2026, 12, 31)),
        ]
        assert zhou.password_hash is None
        assert (usual.li.name, usual.li.email) == ("李改名", "li@example.org")
        (post,) = session.scalars(select(PersonPost).where(PersonPost.person_id == usual.li.id))
        assert post.to_on == date(2026, 12, 31)

    def test_a_post_does_not_end_while_open_work_hangs_on_it_alone(self, session: Session, usual: Usual) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead)
        ends = ["li", "李联络", "", "市发展改革委", "联络员", "2015-01-01", "2026-12-31"]

        with pytest.raises(Invalid) as refused:
            take_over(session, usual, csv_of(PEOPLE, ends))
        session.rollback()

        assert refused.value.problem == "post_work_hangs"
        assert "还有 1 项" in problem_words(refused.value)

    def test_a_post_ends_where_the_same_file_names_who_follows(self, session: Session, usual: Usual) -> None:
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead)
        ends = ["li", "李联络", "", "市发展改革委", "联络员", "2015-01-01", "2026-12-31"]
        follows = ["zhou", "周新来", "", "市发展改革委", "联络员", "2026-12-01", ""]

        take_over(session, usual, csv_of(PEOPLE, ends, follows))

        (post,) = session.scalars(select(PersonPost).where(PersonPost.person_id == usual.li.id))
        assert post.to_on == date(2026, 12, 31)

    def test_every_row_is_written_into_the_trail(self, session: Session, usual: Usual) -> None:
        rows = exported(session, usual).departments
        rows[0][5] = "云泽市政府办"

        take_over(session, usual, csv_of(HEAD, *rows, ["", "市水利局", "云泽市人民政府", *[""] * 8]))

        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.subject == Subject.DEPARTMENT)).all()
        assert {(one.subject_id, one.act.value) for one in entries} == {
            (usual.body.id, "changed"),
            (named(session, "市水利局").id, "added"),
        }


class TestProblems:
    @pytest.mark.parametrize(
        ("column", "text", "problem"),
        [
            ("单位名称", "", Problem.NAME_MISSING),
            ("单位名称", "“”", Problem.NAME_UNUSABLE),
            ("编号", "999", Problem.NUMBER_UNKNOWN),
            ("上级单位", "从来没有的单位", Problem.PARENT_UNKNOWN),
            ("类型", "单元", Problem.KIND_UNKNOWN),
            ("级别", "地级", Problem.LEVEL_UNKNOWN),
            ("负责人审签", "要", Problem.YES_OR_NO),
            ("状态", "停用", Problem.STATE_CHANGED),
            ("别名", "市财政局", Problem.NAME_TAKEN),
            ("曾用名", "市水电局", Problem.OLD_NAME_UNDATED),
            ("曾用名", "市水电局（至2999-01-01）", Problem.PERIOD_WRONG),
            ("曾用名", "市水电局（至2018-02-30）", Problem.DAY_WRONG),
            ("所属集合单位", "没有的集合", Problem.GROUP_UNKNOWN),
            ("所属集合单位", "市财政局", Problem.GROUP_NOT_COLLECTIVE),
        ],
    )
    def test_a_wrong_cell_is_told_by_its_place_with_what_to_do(
        self, session: Session, usual: Usual, column: str, text: str, problem: Problem
    ) -> None:
        row = dict.fromkeys(HEAD, "") | {"单位名称": "市水利局", "负责人审签": "是"} | {column: text}

        reading = compare(session, csv_of(HEAD, list(row.values())))

        assert [(one.cell, one.problem) for one in reading.problems] == [
            (f"{'ABCDEFGHIJK'[HEAD.index(column)]}2", problem)
        ]
        assert cell_problem(reading.problems[0])

    @pytest.mark.parametrize(
        ("changed", "cell", "problem"),
        [
            ({"账号": "大写A"}, "A2", Problem.USERNAME_FORM),
            ({"姓名": ""}, "B2", Problem.PERSON_MISSING),
            ({"邮箱": "不是邮箱"}, "C2", Problem.EMAIL_FORM),
            ({"单位": ""}, "D2", Problem.DEPARTMENT_MISSING),
            ({"单位": "没有的局"}, "D2", Problem.DEPARTMENT_UNKNOWN),
            ({"单位": "各成员单位"}, "D2", Problem.DEPARTMENT_COLLECTIVE),
            ({"岗位": ""}, "E2", Problem.ROLE_MISSING),
            ({"岗位": "局长"}, "E2", Problem.ROLE_UNKNOWN),
            ({"岗位": "系统管理员"}, "E2", Problem.ROLE_BY_HAND),
            ({"开始日": "明天"}, "F2", Problem.DAY_WRONG),
            ({"结束日": "2014-01-01"}, "G2", Problem.PERIOD_WRONG),
        ],
    )
    def test_a_wrong_person_is_told_by_the_cell(
        self, session: Session, usual: Usual, changed: dict[str, str], cell: str, problem: Problem
    ) -> None:
        make_department(session, "各成员单位", kind=DepartmentKind.COLLECTIVE)
        row = dict(zip(PEOPLE, ["zhou", "周新来", "", "市教育局", "联络员", "2026-12-01", ""], strict=True))

        reading = compare(session, csv_of(PEOPLE, list((row | changed).values())))

        assert told(reading) == [(cell, problem)]
        assert cell_problem(reading.problems[0])

    def test_names_that_collide_inside_the_file_are_told_with_their_owner(self, session: Session, usual: Usual) -> None:
        head = ["单位名称", "别名"]

        reading = compare(session, csv_of(head, ["市水利局", "市水务局"], ["市河湖局", "市水务局"], ["市水利局", ""]))

        assert told(reading) == [("A4", Problem.TWICE), ("B3", Problem.NAME_TAKEN)]
        assert "市水利局" in cell_problem(reading.problems[1])

    def test_a_ring_is_told_at_each_of_its_rows(self, session: Session, usual: Usual) -> None:
        rows = exported(session, usual).departments
        lead = next(number for number, one in enumerate(rows) if one[1] == "市发展改革委")
        other = next(number for number, one in enumerate(rows) if one[1] == "市教育局")
        rows[lead][2], rows[other][2] = "市教育局", "市发展改革委"

        reading = compare(session, csv_of(HEAD, *rows))

        assert sorted(told(reading)) == sorted([(f"C{lead + 2}", Problem.CYCLE), (f"C{other + 2}", Problem.CYCLE)])

    def test_a_parent_that_was_misspelt_is_suggested(self, session: Session, usual: Usual) -> None:
        reading = compare(session, csv_of(["单位名称", "上级单位"], ["价格处", "云泽市发展改革委"]))

        assert told(reading) == [("B2", Problem.PARENT_LIKE)]
        assert "市发展改革委" in cell_problem(reading.problems[0])

    def test_a_level_above_that_of_the_parent_is_told(self, session: Session, usual: Usual) -> None:
        usual.body.level = DepartmentLevel.COUNTY
        session.flush()

        reading = compare(session, csv_of(["单位名称", "上级单位", "级别"], ["省水利厅", "云泽市人民政府", "省级"]))

        assert told(reading) == [("C2", Problem.LEVEL_TOO_HIGH)]

    def test_a_number_from_another_installation_renames_nobody(self, session: Session, usual: Usual) -> None:
        reading = compare(session, csv_of(HEAD, [str(usual.lead.id), "县水利局", *[""] * 9]))

        assert told(reading) == [("A2", Problem.NUMBER_OF_ANOTHER)]

    def test_cells_are_told_by_their_place_in_the_workbook(self, session: Session, usual: Usual) -> None:
        stream = BytesIO()
        with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
            sheet = book.add_worksheet("机构")
            sheet.write(1, 2, "机构清单")
            for x, title in enumerate(["单位名称", "上级单位", "电话"]):
                sheet.write(3, x + 2, title)
            sheet.write(7, 2, "市水利局")
            sheet.write(7, 3, "没有这个单位")

        reading = compare(session, stream.getvalue())

        assert [(one.sheet, one.cell) for one in reading.problems] == [("机构", "D8")]
        assert [(one.cell, one.text) for one in reading.unread_columns] == [("E4", "电话")]

    @pytest.mark.parametrize("content", [csv_of(["名字", "电话"], ["甲", "1"]), b"\xef\xbb\xbfhello"])
    def test_a_file_without_the_columns_is_refused(self, content: bytes) -> None:
        with pytest.raises(Invalid) as refused:
            directory_sheets.sheets_of(read_rows(content))

        assert refused.value.problem == "directory_columns"

    def test_another_kind_of_file_is_refused(self) -> None:
        with pytest.raises(DocumentError):
            read_rows(b"%PDF-1.7\n")

    def test_nothing_is_stored_while_one_row_is_wrong(self, session: Session, usual: Usual) -> None:
        content = csv_of(["单位名称", "上级单位"], ["市水利局", ""], ["河湖处", "没有的局"])

        with pytest.raises(Invalid) as refused:
            take_over(session, usual, content)

        assert refused.value.problem == "directory_has_problems"
        assert department_names.match_names(session, ["市水利局"])["市水利局"] is None


class TestTwoPeople:
    def test_who_comes_second_sees_what_the_first_changed(self, session: Session, usual: Usual) -> None:
        content = csv_of(["单位名称"], ["市水利局"])
        sheets = directory_sheets.sheets_of(read_rows(content))
        by = writing_by(usual.actor("sun"))
        first, second = (
            directory_import.keep_upload(
                session, content=content, name="目录.csv", sheets=sheets, parent_id=None, actor=by["actor"], now=NOW
            )
            for _ in range(2)
        )
        mark = directory_import.compare_upload(session, first, today=TODAY).mark
        directory_import.apply_upload(session, first.id, mark=mark, **by)

        with pytest.raises(Stale):
            directory_import.apply_upload(session, second.id, mark=mark, **by)

    def test_the_same_confirmation_twice_acts_once(self, session: Session, usual: Usual) -> None:
        content = csv_of(["单位名称"], ["市水利局"])
        sheets = directory_sheets.sheets_of(read_rows(content))
        by = writing_by(usual.actor("sun"))
        upload = directory_import.keep_upload(
            session, content=content, name="目录.csv", sheets=sheets, parent_id=None, actor=by["actor"], now=NOW
        )
        mark = directory_import.compare_upload(session, upload, today=TODAY).mark

        directory_import.apply_upload(session, upload.id, mark=mark, **by)
        directory_import.apply_upload(session, upload.id, mark=mark, **by)

        assert named(session, "市水利局").id

    @pytest.mark.parametrize("person", ["li", "chen", "liu"])
    def test_only_administrators_may(self, session: Session, usual: Usual, person: str) -> None:
        with pytest.raises(NotAllowed):
            directory_import.apply_sheets(session, [], parent_id=None, mark=None, **writing_by(usual.actor(person)))


def rows_of(count: int, prefix: str) -> bytes:
    """Departments in a tree, each with an alias and an old name."""
    return csv_of(
        HEAD,
        *(
            [
                "",
                f"{prefix}{number}局",
                f"{prefix}{number // 20}局" if number >= 20 else "",
                "",
                "",
                f"{prefix}{number}号机关",
                f"{prefix}{number}委员会（至2018-12-31）",
                *[""] * 4,
            ]
            for number in range(count)
        ),
    )


def renamed_and_moved(session: Session, usual: Usual, prefix: str, parent: Department) -> bytes:
    """The exported rows of these departments, each with another name and another place."""
    rows = [row for row in exported(session, usual).departments if row[1].startswith(prefix)]
    return csv_of(HEAD, *([row[0], f"新{row[1]}", parent.name, *row[3:]] for row in rows))


def test_the_number_of_statements_does_not_grow_with_the_rows(session: Session, engine: Engine, usual: Usual) -> None:
    added, changed = [], []
    for prefix, count in (("甲", 30), ("乙", 90)):
        with counted_queries(engine) as counted:
            take_over(session, usual, rows_of(count, prefix), usual.body)
        added.append(len(counted))
        content = renamed_and_moved(session, usual, prefix, usual.body)
        with counted_queries(engine) as counted:
            take_over(session, usual, content)
        changed.append(len(counted))

    assert named(session, "新乙89局").path == f"{usual.body.path}{named(session, '新乙89局').id}/"
    assert named(session, "乙89局").name == "新乙89局"
    # A tree of another depth or a batch more may take a few more; a query for each row would take hundreds.
    assert added[1] - added[0] < 10
    assert changed[1] - changed[0] < 10


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_five_thousand_departments_come_in_within_seconds(session: Session, usual: Usual) -> None:
    rows = [["", f"第{number}局", f"第{number // 20}局" if number >= 20 else "", *[""] * 8] for number in range(5000)]
    content = csv_of(HEAD, *rows)
    begun = time.monotonic()

    take_over(session, usual, content, usual.body)

    assert time.monotonic() - begun < 60
    assert session.scalar(select(func.count()).select_from(Department)) == 5004


def test_a_level_below_that_of_a_department_which_the_file_does_not_name_is_told_at_its_row(
    session: Session, usual: Usual
) -> None:
    usual.lead.level = DepartmentLevel.CITY
    session.flush()

    reading = compare(session, csv_of(["单位名称", "级别"], [usual.body.name, "县级"]))

    assert told(reading) == [("B2", Problem.LEVEL_TOO_LOW)]
    assert usual.lead.name in cell_problem(reading.problems[0])
