"""What a person sees when something is refused or fails: the right status, clear words, nothing they typed lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask import abort
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from taskboard.domain.errors import DomainError, Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.workflow import Act, TaskState
from taskboard.web.guards import public
from tests.support.factories import Usual
from tests.support.visitor import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STATEMENT = "本月完成了三项工作，\n下月继续推进。"


@pytest.fixture
def app(app: APIFlask) -> Iterator[APIFlask]:
    """The application with a page that raises what the test hangs into ``app.extensions``."""

    @app.route("/fails", methods=["GET", "POST"])
    @public
    def fails() -> str:
        error = app.extensions["error_to_raise"]
        if isinstance(error, int):
            abort(error)
        raise error

    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def page_after(visitor: Visitor, error: Exception | int) -> tuple[int, str]:
    visitor.client.application.extensions["error_to_raise"] = error
    answer = visitor.get("/fails")
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound(), 404, "没有找到"),
        (NotAllowed(), 403, "没有权限"),
        (NotAllowed(act=Act.CLOSE), 403, "您现在的岗位不能“销号”"),
        (NotNow(act=Act.CLOSE, state=TaskState.CLOSED), 409, "现在的状态是“已办结”，不能“销号”"),
        (Stale(), 409, "内容刚被他人修改"),
        (StaleDataError(), 409, "内容刚被他人修改"),
        (Invalid("name", "too_long", limit=20), 422, "内容太长，最多 20 个字"),
        (OperationalError("SELECT", {}, Exception("database is locked")), 503, "系统正忙"),
        (400, 400, "请求有误"),
        (403, 403, "没有权限"),
        (404, 404, "没有找到"),
        (409, 409, "内容刚被他人修改"),
        (413, 413, "超过 20 MB 的上限"),
        (422, 422, "填写的内容有误"),
        (429, 429, "操作太频繁"),
        (418, 418, "请求有误"),
    ],
    ids=str,
)
def test_a_refusal_has_its_status_and_its_words(
    visitor: Visitor, usual: Usual, error: Exception | int, status: int, words: str
) -> None:
    found, page = page_after(visitor.enter(usual.li), error)

    assert found == status
    assert words in page
    assert "李联络" in page or status == 503


def test_a_refusal_that_nobody_foresaw_is_still_a_page(visitor: Visitor, usual: Usual) -> None:
    class Unforeseen(DomainError):
        code = "unforeseen"

    status, page = page_after(visitor, Unforeseen())

    assert status == 422
    assert "填写的内容有误" in page


def test_a_failure_shows_a_reference_that_stands_in_the_log(
    visitor: Visitor, usual: Usual, caplog: pytest.LogCaptureFixture
) -> None:
    status, page = page_after(visitor.enter(usual.li), ZeroDivisionError("a secret of the inside"))

    assert status == 500
    assert "a secret of the inside" not in page
    reference = page.partition("<code>")[2].partition("</code>")[0]
    assert f"reference {reference}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_an_address_that_does_not_exist_is_a_page_of_the_product(visitor: Visitor, usual: Usual) -> None:
    answer = visitor.enter(usual.li).get("/nowhere")

    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert "李联络" in answer.text


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "2147483648"])
def test_a_number_that_is_no_id_is_a_page_that_does_not_exist(visitor: Visitor, usual: Usual, number: str) -> None:
    assert visitor.enter(usual.sun).get(f"/departments/{number}").status_code == 404


def test_the_wrong_method_says_which_are_right(visitor: Visitor, usual: Usual) -> None:
    answer = visitor.enter(usual.li).get("/sign-out")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "不能这样访问" in answer.text


def test_the_address_of_a_form_that_came_back_leads_to_its_page_when_it_is_asked_for(
    visitor: Visitor, usual: Usual
) -> None:
    visitor.enter(usual.sun)
    where = f"/departments/{usual.lead.id}/names"
    refused = visitor.post(where, name="")
    asked = visitor.get(where)

    assert refused.status_code == 422
    assert asked.location == f"/departments/{usual.lead.id}"
    assert visitor.get("/tasks/7/assignments/3/report").location == "/tasks/7"


class TestForgedOrOldForms:
    @pytest.mark.parametrize("token", ["", "nonsense", "IjEi.x.y"])
    def test_a_form_without_its_token_changes_nothing(self, visitor: Visitor, usual: Usual, token: str) -> None:
        answer = visitor.enter(usual.sun).post("/departments/new", name="新来的局", csrf_token=token)

        assert answer.status_code == 400
        assert "页面已过期" in answer.text
        assert "新来的局" not in visitor.get("/departments").text

    def test_what_was_typed_is_shown_again_but_no_password(self, visitor: Visitor, usual: Usual) -> None:
        answer = visitor.enter(usual.li).post("/account", csrf_token="old", done=STATEMENT, password="我的 新密码")

        assert "本月完成了三项工作" in answer.text
        assert "我的 新密码" not in answer.text

    def test_what_was_typed_is_shown_as_text(self, visitor: Visitor, usual: Usual) -> None:
        answer = visitor.enter(usual.li).post("/account", csrf_token="old", done="<script>alert(1)</script> 你好")

        assert "<script>alert(1)" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text

    def test_whose_session_ended_meanwhile_signs_in_again_and_loses_nothing(
        self, visitor: Visitor, usual: Usual
    ) -> None:
        answer = visitor.client.post(
            "/account", data={"done": STATEMENT}, headers={"Referer": "http://localhost/departments?q=1"}
        )

        assert answer.status_code == 401
        assert "登录已过期" in answer.text
        assert "本月完成了三项工作" in answer.text
        assert "/sign-in?next=/departments?q%3D1" in answer.text

    def test_the_way_back_never_leads_to_another_site(self, visitor: Visitor, usual: Usual) -> None:
        answer = visitor.client.post("/account", data={}, headers={"Referer": "https://evil.example/page"})

        assert "evil.example" not in answer.text


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(visitor: Visitor, usual: Usual) -> None:
    answer = visitor.enter(usual.sun).post("/departments/new", name="长" * 8 * 1024 * 1024)

    assert answer.status_code == 413
    assert "没有保存" in answer.text
