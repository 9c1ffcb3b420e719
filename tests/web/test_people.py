"""The pages of people: read by supervisors, kept by administrators, closed to everybody else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.labels.times import day_words
from taskboard.models import Person, PersonPost, PortfolioItem
from tests.support.factories import LONG_AGO, Usual
from tests.support.visitor import Visitor

OUTSIDERS = ["li", "gao", "qian", "liu"]
NEW_PASSWORD = "a much better 口令"


def fresh(session: Session, person: Person) -> Person:
    session.rollback()
    return session.get_one(Person, person.id)


def posts(session: Session, person: Person) -> list[PersonPost]:
    session.rollback()
    return list(session.scalars(select(PersonPost).where(PersonPost.person_id == person.id).order_by(PersonPost.id)))


class TestReading:
    @pytest.mark.parametrize("name", ["sun", "chen"])
    def test_people_are_shown_with_their_posts(self, visitor: Visitor, usual: Usual, name: str) -> None:
        page = visitor.enter(getattr(usual, name)).get("/people").text

        assert "李联络" in page
        assert "市发展改革委 · 联络员" in page
        assert "共 8 人" in page

    def test_words_find_people(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.enter(usual.chen).get("/people", q="财政").text

        assert "王配合" in page
        assert "李联络" not in page

    def test_one_person_is_shown_without_what_is_secret(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.enter(usual.sun).get(f"/people/{usual.li.id}").text

        assert f"{day_words(LONG_AGO)}起" in page
        assert "argon2" not in page

    def test_a_supervisor_finds_nothing_to_change(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.chen)

        assert "添加人员" not in visitor.get("/people").text
        page = visitor.get(f"/people/{usual.li.id}").text
        assert "停用账号" not in page
        assert "设置密码" not in page

    @pytest.mark.parametrize("name", OUTSIDERS)
    @pytest.mark.parametrize("path", ["/people", "/people/1"])
    def test_everybody_else_is_kept_out(self, visitor: Visitor, usual: Usual, name: str, path: str) -> None:
        assert visitor.enter(getattr(usual, name)).get(path).status_code == 403

    def test_somebody_who_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        assert visitor.enter(usual.chen).get("/people/999").status_code == 404


class TestAdding:
    def test_somebody_added_with_a_password_can_sign_in(self, visitor: Visitor, usual: Usual) -> None:
        answer = visitor.enter(usual.sun).post(
            "/people/new", name="周敏", username="zhou", email="zhou@example.org", password=NEW_PASSWORD
        )

        assert answer.status_code == 302
        assert visitor.leave().sign_in("zhou", NEW_PASSWORD).status_code == 302

    def test_without_a_password_the_list_says_so(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun).post("/people/new", name="周敏", username="zhou")

        assert "未设密码" in visitor.get("/people", q="周敏").text

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"name": ""}, "请填写姓名"),
            ({"username": ""}, "请填写账号"),
            ({"username": "li"}, "账号“li”已有人使用"),
            ({"username": "周 敏"}, "账号只能用小写字母"),
            ({"email": "nowhere"}, "邮箱地址的写法不对"),
            ({"password": "short"}, "密码至少 10 个字符"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, visitor: Visitor, usual: Usual, session: Session, fields: dict[str, str], words: str
    ) -> None:
        typed = {"name": "周敏", "username": "zhou", "email": "zhou@example.org"} | fields

        answer = visitor.enter(usual.sun).post("/people/new", **typed)

        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{typed["email"]}"' in answer.text
        session.rollback()
        assert session.scalars(select(Person).where(Person.name == "周敏")).all() == []

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    def test_nobody_else_adds_somebody(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        answer = visitor.enter(getattr(usual, name)).post("/people/new", name="周敏", username="zhou")

        assert answer.status_code == 403
        session.rollback()
        assert session.scalars(select(Person).where(Person.username == "zhou")).all() == []


class TestChanging:
    def test_an_administrator_changes_somebody(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = f"/people/{usual.li.id}/edit"
        visitor.enter(usual.sun)

        answer = visitor.post(path, **visitor.form_at(path), name="李明", username="li", email="")

        assert answer.status_code == 302
        changed = fresh(session, usual.li)
        assert (changed.name, changed.email) == ("李明", None)

    def test_a_conflict_shows_both_texts(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        path = f"/people/{usual.li.id}/edit"
        visitor.enter(usual.sun)
        hidden = visitor.form_at(path)
        usual.li.name = "李别人"
        session.commit()

        answer = visitor.post(path, **hidden, name="李我改", username="li", email="")

        assert answer.status_code == 409
        assert "李别人" in answer.text
        assert 'value="李我改"' in answer.text
        assert fresh(session, usual.li).name == "李别人"

    def test_a_new_password_is_set_and_the_old_session_ends(self, visitor: Visitor, usual: Usual) -> None:
        li = Visitor(visitor.client.application.test_client()).enter(usual.li)

        visitor.enter(usual.sun).post(f"/people/{usual.li.id}/password", password=NEW_PASSWORD)

        assert li.get("/account").status_code == 302
        assert li.leave().sign_in("li", NEW_PASSWORD).status_code == 302

    def test_a_weak_password_is_refused(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        before = usual.li.password_hash

        answer = visitor.enter(usual.sun).post(f"/people/{usual.li.id}/password", password="1234567890")

        assert answer.status_code == 422
        assert "密码太简单" in answer.text
        assert fresh(session, usual.li).password_hash == before

    def test_switching_off_and_on(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.enter(usual.sun)

        visitor.post(f"/people/{usual.li.id}/switch-off")
        assert not fresh(session, usual.li).is_active
        assert "已停用" in visitor.get(f"/people/{usual.li.id}").text
        visitor.post(f"/people/{usual.li.id}/switch-on")
        assert fresh(session, usual.li).is_active

    def test_the_last_administrator_stays(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        answer = visitor.enter(usual.sun).post(f"/people/{usual.sun.id}/switch-off")

        assert answer.status_code == 422
        assert "最后一位系统管理员" in answer.text
        assert fresh(session, usual.sun).is_active

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    @pytest.mark.parametrize("act", ["edit", "password", "switch-off", "switch-on", "posts"])
    def test_nobody_else_changes_anything(
        self, visitor: Visitor, usual: Usual, session: Session, name: str, act: str
    ) -> None:
        before = (usual.wang.password_hash, usual.wang.name, len(posts(session, usual.wang)))
        sent = {"name": "新名", "username": "new", "version": "1", "password": NEW_PASSWORD, "department": "市教育局"}

        answer = visitor.enter(getattr(usual, name)).post(f"/people/{usual.wang.id}/{act}", **sent)

        assert answer.status_code == 403
        after = fresh(session, usual.wang)
        assert (after.password_hash, after.name, len(posts(session, after))) == before
        assert after.is_active


class TestPosts:
    def add(self, visitor: Visitor, person: Person, **changed: str) -> Any:
        fields = {"department": "市财政局", "role": "head", "from_on": "2026-12-01", "to_on": ""}
        return visitor.post(f"/people/{person.id}/posts", **(fields | changed))

    def test_a_post_is_added_by_the_departments_name(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        answer = self.add(visitor.enter(usual.sun), usual.wang)

        assert answer.status_code == 302
        assert "2026年12月1日起" in visitor.get(answer.location).text
        assert [post.role for post in posts(session, usual.wang)] == [Role.LIAISON, Role.HEAD]

    @pytest.mark.parametrize("day", ["2026-12-1", "2026.12.01", "2026年12月1日", "２０２６/12/01", " 2026-12-01 "])
    def test_a_day_may_be_typed_as_people_type_it(
        self, visitor: Visitor, usual: Usual, session: Session, day: str
    ) -> None:
        self.add(visitor.enter(usual.sun), usual.wang, from_on=day)

        assert posts(session, usual.wang)[-1].from_on.isoformat() == "2026-12-01"

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"from_on": "2026-02-30"}, "日期的写法不对"),
            ({"from_on": "明天"}, "日期的写法不对"),
            ({"from_on": ""}, "请填写任期开始日"),
            ({"to_on": "2026-11-01"}, "任期结束日不能早于开始日"),
            ({"department": "市气象台"}, "单位目录里没有“市气象台”"),
            ({"role": "king"}, "没有这一项"),
            ({"role": "liaison"}, "这个岗位在该时段已经有了"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, visitor: Visitor, usual: Usual, session: Session, changed: dict[str, str], words: str
    ) -> None:
        answer = self.add(visitor.enter(usual.sun), usual.wang, **changed)

        assert answer.status_code == 422
        assert words in answer.text
        assert f'value="{changed.get("department", "市财政局")}"' in answer.text
        assert len(posts(session, usual.wang)) == 1

    def test_a_post_is_ended(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        post = posts(session, usual.wang)[0]

        visitor.enter(usual.sun).post(f"/people/{usual.wang.id}/posts/{post.id}/end", last_day="2026-12-31")

        ended = posts(session, usual.wang)[0].to_on
        assert ended is not None
        assert ended.isoformat() == "2026-12-31"

    @pytest.mark.parametrize(
        ("day", "words"),
        [("", "请填写任期结束日"), ("2000-01-01", "任期结束日不能早于开始日"), ("x", "日期的写法不对")],
    )
    def test_a_last_day_that_cannot_be_is_refused(
        self, visitor: Visitor, usual: Usual, session: Session, day: str, words: str
    ) -> None:
        post = posts(session, usual.wang)[0]

        answer = visitor.enter(usual.sun).post(f"/people/{usual.wang.id}/posts/{post.id}/end", last_day=day)

        assert answer.status_code == 422
        assert words in answer.text
        assert posts(session, usual.wang)[0].to_on is None

    def test_a_mistaken_post_is_removed(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        self.add(visitor.enter(usual.sun), usual.wang)
        post = posts(session, usual.wang)[-1]

        visitor.post(f"/people/{usual.wang.id}/posts/{post.id}/remove")

        assert len(posts(session, usual.wang)) == 1

    @pytest.mark.parametrize("name", ["chen", *OUTSIDERS])
    @pytest.mark.parametrize("act", ["end", "remove"])
    def test_nobody_else_ends_or_removes_one(
        self, visitor: Visitor, usual: Usual, session: Session, name: str, act: str
    ) -> None:
        post = posts(session, usual.wang)[0]
        visitor.enter(getattr(usual, name))

        answer = visitor.post(f"/people/{usual.wang.id}/posts/{post.id}/{act}", last_day="2026-12-31")

        assert answer.status_code == 403
        assert posts(session, usual.wang)[0].to_on is None


class TestPortfolio:
    def test_an_administrator_lists_what_a_leader_watches_over(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        path = f"/people/{usual.liu.id}"
        assert "可看到任职单位及其下级单位的全部任务" in visitor.enter(usual.sun).get(path).text

        answer = visitor.post(f"{path}/portfolio", department="市财政局", plan="")

        assert answer.status_code == 302
        assert "只能看到下列单位" in visitor.get(path).text
        session.rollback()
        [item] = session.scalars(select(PortfolioItem)).all()
        assert item.department_id == usual.partner.id
        visitor.post(f"{path}/portfolio/{item.id}/remove")
        session.rollback()
        assert session.scalars(select(PortfolioItem)).all() == []

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"department": "", "plan": ""}, "请填写单位，或者选择计划"),
            ({"department": "市气象台", "plan": ""}, "单位目录里没有“市气象台”"),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_form(
        self, visitor: Visitor, usual: Usual, fields: dict[str, str], words: str
    ) -> None:
        answer = visitor.enter(usual.sun).post(f"/people/{usual.liu.id}/portfolio", **fields)

        assert answer.status_code == 422
        assert words in answer.text

    def test_who_leads_nothing_has_none(self, visitor: Visitor, usual: Usual) -> None:
        assert "分管范围" not in visitor.enter(usual.sun).get(f"/people/{usual.li.id}").text

    @pytest.mark.parametrize("name", ["chen", "liu", "li"])
    def test_nobody_else_changes_it(self, visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
        visitor.enter(getattr(usual, name))

        assert visitor.post(f"/people/{usual.liu.id}/portfolio", department="市财政局", plan="").status_code == 403
        assert visitor.post(f"/people/{usual.liu.id}/portfolio/1/remove").status_code == 403
        session.rollback()
        assert session.scalars(select(PortfolioItem)).all() == []
