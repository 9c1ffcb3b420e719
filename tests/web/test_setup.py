"""The first set-up in the browser: from an empty database to an office that can begin, for one browser and once."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from taskboard.config import Settings
from taskboard.domain.roles import Role
from taskboard.models import Department, HistoryEntry, Person, PersonPost, Setting, SetupDraft
from taskboard.services.setup import setup_code
from tests.support.factories import Usual
from tests.support.smtp import SmtpServer
from tests.support.visitor import Visitor, found_token

PASSWORD = "一个足够长的口令 2026"
ADMINISTRATOR = {"name": "孙管理", "username": "sun", "email": "sun@example.org"}


class Installer:
    """Somebody at a browser who goes through the steps."""

    def __init__(self, app: APIFlask, code: str) -> None:
        self.client = app.test_client()
        self.code = code

    def send(self, step: str, **fields: Any) -> TestResponse:
        token = found_token(self.client.get(f"/setup{step}").text)
        return self.client.post(f"/setup{step}", data={"csrf_token": token, **fields})

    def follow(self, step: str, **fields: Any) -> str:
        """The page that sending the form leads to."""
        return self.client.get(self.send(step, **fields).location).text

    def begin(self) -> Installer:
        assert self.send("", code=self.code).location == "/setup/administrator"
        return self

    def fill(self) -> Installer:
        """Everything up to the directory."""
        self.begin()
        self.send("/administrator", **ADMINISTRATOR, password=PASSWORD, repeated=PASSWORD)
        self.send("/body", body="槐阳市人民政府")
        assert self.send("/mail", act="later").location == "/setup/directory"
        return self

    def finish(self, **fields: Any) -> TestResponse:
        return self.send("/directory", act="finish", **{"template": "", "place": "", **fields})


@pytest.fixture
def installer(app: APIFlask, settings: Settings) -> Installer:
    return Installer(app, setup_code(settings.secret_key))


def people(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Person.username)))


class TestTheWayThere:
    @pytest.mark.parametrize("path", ["/", "/sign-in", "/my-tasks", "/departments", "/forgot-password"])
    def test_every_page_of_an_empty_database_leads_to_the_set_up(self, visitor: Visitor, path: str) -> None:
        assert visitor.get(path).location == "/setup"

    def test_without_the_code_nobody_gets_further(self, installer: Installer) -> None:
        answer = installer.send("", code="AAAA-BBBB-CCCC")

        assert answer.status_code == 422
        assert "设置码不对" in answer.text
        for step in ("administrator", "body", "mail", "directory"):
            assert installer.client.get(f"/setup/{step}").location == "/setup"

    def test_the_code_may_be_typed_in_small_letters_without_dashes(self, installer: Installer) -> None:
        assert installer.send("", code=installer.code.lower().replace("-", " ")).status_code == 302

    def test_a_step_that_was_left_out_comes_first(self, installer: Installer) -> None:
        installer.begin()

        assert installer.client.get("/setup/directory").location == "/setup/administrator"

    def test_with_an_account_there_is_no_set_up(self, visitor: Visitor, usual: Usual, installer: Installer) -> None:
        for step in ("", "/administrator", "/body", "/mail", "/directory"):
            assert visitor.get(f"/setup{step}").status_code == 404
            assert visitor.enter(usual.sun).get(f"/setup{step}").status_code == 404
        assert "setup" not in visitor.leave().get("/").location


class TestTheSteps:
    def test_at_the_end_the_administrator_signs_in_to_a_directory(self, installer: Installer, session: Session) -> None:
        installer.fill()
        installer.send("/body", body="槐阳市人民政府", is_supervisor="y")

        answer = installer.finish(template="city", place="槐阳市")

        assert answer.location == "/sign-in"
        visitor = Visitor(installer.client)
        assert visitor.sign_in("sun", PASSWORD).status_code == 302
        session.rollback()
        assert set(session.scalars(select(PersonPost.role))) == {Role.ADMINISTRATOR, Role.SUPERVISOR}
        assert (session.scalar(select(func.count()).select_from(Department)) or 0) > 20
        assert session.scalars(select(SetupDraft)).all() == []
        assert visitor.get("/setup").status_code == 404

    def test_without_a_template_the_way_on_is_told(self, installer: Installer) -> None:
        installer.fill()
        installer.send("/body", body="槐阳市人民政府", is_supervisor="y")

        answer = installer.finish(template="", place="")

        assert "先建立单位目录（导入、套用模板或逐个添加），再添加人员" in installer.client.get(answer.location).text
        visitor = Visitor(installer.client)
        visitor.sign_in("sun", PASSWORD)
        page = visitor.get("/departments").text
        assert "接下来" in page
        assert 'href="/directory/import"' in page
        assert 'href="/people/new"' in page
        assert "现有 1 个" in page

    def test_going_back_finds_what_was_typed(self, installer: Installer) -> None:
        installer.fill()
        installer.send("/directory", act="preview", template="city", place="槐阳市")

        assert 'value="孙管理"' in installer.client.get("/setup/administrator").text
        assert 'value="槐阳市人民政府"' in installer.client.get("/setup/body").text
        assert 'value="槐阳市"' in installer.client.get("/setup/directory").text
        page = installer.client.get("/setup/administrator").text
        assert PASSWORD not in page
        assert "不修改就留空" in page
        assert installer.send("/administrator", **ADMINISTRATOR, password="", repeated="").status_code == 302

    def test_the_preview_names_departments_and_changes_nothing(self, installer: Installer, session: Session) -> None:
        answer = installer.fill().send("/directory", act="preview", template="city", place="槐阳市")

        assert "市财政局" not in installer.client.get("/setup/directory").text
        assert "市财政局" in installer.client.get(answer.location).text
        session.rollback()
        assert session.scalars(select(Department)).all() == []

    @pytest.mark.parametrize(
        ("step", "fields", "words"),
        [
            ("/administrator", {**ADMINISTRATOR, "password": "short", "repeated": "short"}, "密码至少 10 个字符"),
            ("/administrator", {**ADMINISTRATOR, "password": PASSWORD, "repeated": "x"}, "两次填写的密码不一样"),
            ("/administrator", {**ADMINISTRATOR, "username": "孙"}, "账号只能用小写字母"),
            ("/administrator", {**ADMINISTRATOR, "name": "\u200b"}, "请填写姓名"),
            ("/body", {"body": ""}, "请填写单位名称"),
            ("/mail", {"public_url": "x", "smtp_url": "", "mail_from": ""}, "访问地址应以"),
            ("/mail", {"public_url": "", "smtp_url": "mail.example", "mail_from": ""}, "邮件服务器应以"),
            ("/mail", {"public_url": "", "smtp_url": "", "mail_from": "nobody"}, "发件人应是邮箱地址"),
            ("/directory", {"act": "finish", "template": "city", "place": ""}, "请填写地名"),
            ("/directory", {"act": "preview", "template": "city", "place": "槐阳县城"}, "不像"),
        ],
    )
    def test_what_is_wrong_is_said_on_its_step(
        self, installer: Installer, session: Session, step: str, fields: dict[str, str], words: str
    ) -> None:
        answer = installer.fill().send(step, **fields)

        assert answer.status_code == 422
        assert words in answer.text
        assert people(session) == []

    def test_everything_that_is_wrong_on_a_step_is_said_at_once(self, installer: Installer) -> None:
        wrong = {"name": "\u200b", "username": "孙 某", "email": "nobody", "password": "short", "repeated": "other"}
        administrator = installer.begin().send("/administrator", **wrong)
        installer.fill()
        mail = installer.send("/mail", public_url="x", smtp_url="mail.example", mail_from="nobody")

        assert (administrator.status_code, mail.status_code) == (422, 422)
        for words in ("请填写姓名", "账号只能用小写字母", "邮箱", "密码至少 10 个字符", "两次填写的密码不一样"):
            assert words in administrator.text
        for words in ("访问地址应以", "邮件服务器应以", "发件人应是邮箱地址"):
            assert words in mail.text

    def test_a_test_mail_tells_the_servers_answer(self, installer: Installer, smtp_server: SmtpServer) -> None:
        installer.fill()
        fields = {"public_url": "https://duban.test", "mail_from": "a@x.org", "test_to": "li@test", "act": "test"}
        smtp_server.refused_recipients["li@test"] = "550 5.1.1 no such mailbox"
        assert "no such mailbox" in installer.follow("/mail", **fields, smtp_url=smtp_server.url)
        smtp_server.refused_recipients.clear()

        answer = installer.send("/mail", **fields, smtp_url=smtp_server.url)

        assert [installer.client.get(answer.location).text.count("已接收测试邮件") for _ in range(2)] == [1, 1]
        assert [mail.subject for mail in smtp_server.received] == ["【督办】测试邮件"]
        assert "连不上邮件服务器" in installer.follow("/mail", **fields, smtp_url="smtp://127.0.0.1:1")

    def test_mail_settings_are_kept_and_their_password_is_shown_nowhere(
        self, installer: Installer, session: Session
    ) -> None:
        url = "smtp+starttls://duban:geheim-7@mail.example.org:587"
        installer.fill()
        installer.send("/mail", public_url="https://duban.test/", smtp_url=url, mail_from="督办 <a@x.org>")
        page = installer.client.get("/setup/mail").text
        assert "geheim-7" not in page
        assert "duban:***@mail.example.org" in page

        installer.finish()

        session.rollback()
        kept = dict(session.execute(select(Setting.name, Setting.value)).all())
        assert (kept["smtp_url"], kept["public_url"]) == (url, "https://duban.test")
        assert "geheim-7" not in repr([(one.before, one.after) for one in session.scalars(select(HistoryEntry))])


def test_of_two_browsers_the_first_one_wins(app: APIFlask, installer: Installer, session: Session) -> None:
    second = Installer(app, installer.code).fill()
    second.send("/administrator", **{**ADMINISTRATOR, "username": "second"}, password=PASSWORD, repeated=PASSWORD)
    token = found_token(second.client.get("/setup/directory").text)
    assert installer.fill().finish().status_code == 302

    late = second.client.post("/setup/directory", data={"csrf_token": token, "act": "finish", "template": ""})

    assert late.status_code == 404
    assert people(session) == ["sun"]
