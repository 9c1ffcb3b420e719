"""What a person sees when something was refused or went wrong, with what they had typed still on the page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, RequestEntityTooLarge

from taskboard.config import MEBIBYTE
from taskboard.domain.errors import DomainError, Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.extensions import current_settings, db
from taskboard.labels.errors import REFUSALS, Wording, wording
from taskboard.web.guards import SignInNeeded, own_address

STATUSES: dict[type[DomainError], int] = {NotFound: 404, NotAllowed: 403, NotNow: 409, Stale: 409, Invalid: 422}
WORDINGS: dict[int, Wording] = {
    400: Wording("请求有误", "浏览器送来的内容不完整或格式不对。请返回重新操作。"),
    403: REFUSALS[NotAllowed],
    404: REFUSALS[NotFound],
    405: Wording("不能这样访问", "这个地址不支持当前的访问方式。请从上方导航重新进入。"),
    409: REFUSALS[Stale],
    413: Wording("内容太大", "文件或内容超过 {limit} MB 的上限，没有保存。请拆分或压缩后再上传。"),
    415: Wording("格式不支持", "浏览器送来的内容格式不受支持。请返回重新操作。"),
    422: REFUSALS[Invalid],
    429: Wording("操作太频繁", "请稍候再试。"),
    500: Wording("系统出错", "这次操作没有保存。请稍后再试；如仍出错，请把下面的编号告诉系统管理员。"),
    503: Wording("系统正忙", "这次操作没有保存。请稍等片刻再试。"),
}
SIGN_IN_AGAIN = Wording("登录已过期", "这次操作没有保存。请先重新登录，再把下面您填写的内容粘贴回去。")
PAGE_TOO_OLD = Wording(
    "页面已过期", "为防止他人冒用您的登录，过期的页面不能提交，这次操作没有保存。请返回上一页、刷新后重新提交。"
)


@dataclass(frozen=True)
class Problem:
    """All that the error page shows. ``reference`` stands in the log beside what really happened."""

    status: int
    title: str
    advice: str
    typed: list[str]
    back: str | None
    reference: str | None = None
    sign_in: str | None = None


def register_error_pages(app: Flask) -> None:
    """Show every refusal and failure as a page of the product, with the status code it deserves."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(SignInNeeded, _sign_in_needed)
    app.register_error_handler(CSRFError, _page_too_old)
    app.register_error_handler(StaleDataError, lambda _error: _refused(Stale()))
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(InternalServerError, _failed)
    app.register_error_handler(MethodNotAllowed, _asked_for)
    app.register_error_handler(HTTPException, _http_error)


def show_problem(status: int, words: Wording, *, reference: str | None = None, sign_in: str | None = None) -> Response:
    """The error page with this status."""
    problem = Problem(
        status=status,
        title=words.title,
        advice=words.advice,
        typed=typed_texts() if status != RequestEntityTooLarge.code else [],
        back=_page_before(),
        reference=reference,
        sign_in=sign_in,
    )
    return make_response(render_template("errors/problem.html", problem=problem), status)


def typed_texts() -> list[str]:
    """What the person wrote into the form that was refused: sentences, not choices, tokens or passwords."""
    if request.method != "POST":
        return []
    return [
        value
        for name, values in request.form.lists()
        for value in values
        if "password" not in name and _is_prose(value)
    ]


def _is_prose(value: str) -> bool:
    return any(not char.isascii() or char.isspace() for char in value.strip())


def _page_before() -> str | None:
    """The page of this site that led here, as far as the browser tells."""
    if request.referrer is None or not request.referrer.startswith(request.host_url):
        return None
    return own_address("/" + request.referrer.removeprefix(request.host_url))


def _refused(error: DomainError) -> Response:
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), STATUSES[Invalid])
    return show_problem(status, wording(error))


def _sign_in_needed(_error: SignInNeeded) -> Response:
    return show_problem(401, SIGN_IN_AGAIN, sign_in=url_for("accounts.sign_in", next=_page_before()))


def _page_too_old(_error: CSRFError) -> Response:
    return show_problem(400, PAGE_TOO_OLD)


def _database_busy(error: OperationalError) -> Response:
    _leave_database_alone()
    current_app.logger.error("the database refused: %s", error.orig)
    return show_problem(503, WORDINGS[503])


def _failed(error: InternalServerError) -> Response:
    """Flask has logged the traceback; the reference beside it lets a person's report be found."""
    _leave_database_alone()
    reference = secrets.token_hex(4)
    current_app.logger.error("reference %s: %s %s", reference, request.method, request.path)
    return show_problem(500, WORDINGS[500], reference=reference)


def _leave_database_alone() -> None:
    """The page must come up even where the database is what failed: nobody's posts are read for it."""
    g.is_bare = True
    db.session.remove()


def _asked_for(_error: MethodNotAllowed) -> Response | HTTPException:
    """An address that only takes forms, asked for like a page: who copied it from a page on which a form came back, or
    pressed Enter there, is led to the page that the form stands on."""
    page = _page_above(request.path) if request.method in ("GET", "HEAD") else None
    return make_response(redirect(page)) if page else _http_error(_error)


def _page_above(path: str) -> str | None:
    """The nearest address above this one that can be asked for, if there is one below the first page."""
    adapter = current_app.create_url_adapter(request)
    above = path.rpartition("/")[0]
    while adapter is not None and above:
        try:
            adapter.match(above, method="GET")
        except HTTPException:
            above = above.rpartition("/")[0]
        else:
            return above
    return None


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error
    words = WORDINGS.get(status, WORDINGS[400])
    limit = current_settings().max_upload_bytes // MEBIBYTE
    page = show_problem(status, Wording(words.title, words.advice.format(limit=limit)))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            page.headers[name] = value
    return page
