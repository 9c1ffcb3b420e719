"""The administrator's settings: kept in the browser under those of the environment, passwords never shown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from taskboard.config import MailTransport, Settings, settings_from_environment
from taskboard.domain.errors import Invalid
from taskboard.models import HistoryEntry, Setting
from taskboard.services.settings import (
    SettingValues,
    change_settings,
    effective_settings,
    kept_settings,
    version_of_settings,
    with_kept_password,
    without_password,
)
from tests.support.factories import Usual, writing_by
from tests.support.visitor import HIDDEN, Visitor

URL = "smtp+starttls://duban:geheim-7@mail.example.org:587"
SHOWN = "smtp+starttls://duban:***@mail.example.org:587"
FIELDS = {"public_url": "https://duban.test", "smtp_url": URL, "mail_from": "督办台账 <duban@example.org>"}


PAGE_FORM = re.compile(r'<form class="panel.*?</form>', re.S)


def save(visitor: Visitor, *, sent_from: str | None = None, **fields: str) -> TestResponse:
    """Send the first form as it stands on the page that was asked for before, or now."""
    return visitor.post("/settings", version=version_at(visitor, 0, sent_from), **fields)


def save_sending(visitor: Visitor, *, sent_from: str | None = None, **fields: str) -> TestResponse:
    """The same with the second form."""
    return visitor.post("/settings/sending", version=version_at(visitor, 1, sent_from), **fields)


def version_at(visitor: Visitor, number: int, page: str | None) -> str:
    form = PAGE_FORM.findall(visitor.get("/settings").text if page is None else page)[number]
    return str(dict(HIDDEN.findall(form))["version"])


def kept(session: Session) -> dict[str, str]:
    session.rollback()
    return kept_settings(session)


def test_an_administrator_keeps_them(visitor: Visitor, usual: Usual, session: Session, settings: Settings) -> None:
    answer = save(visitor.enter(usual.sun), **FIELDS)

    assert answer.status_code == 302
    assert kept(session) == FIELDS
    effective = effective_settings(session, settings)
    assert (effective.mail_transport, effective.smtp_url) == (MailTransport.SMTP, URL)
    assert effective.public_url == "https://duban.test"


def test_the_password_is_shown_neither_on_the_page_nor_in_the_trail(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    save(visitor.enter(usual.sun), **FIELDS)
    other = URL.replace("geheim-7", "geheim-8")
    save(visitor, **{**FIELDS, "smtp_url": other})

    page = visitor.get("/settings").text
    assert SHOWN in page
    assert "geheim" not in page
    assert kept(session)["smtp_url"] == other
    entries = session.scalars(select(HistoryEntry).where(HistoryEntry.subject == "setting")).all()
    assert len(entries) == 2
    assert "geheim" not in repr([(one.before, one.after) for one in entries])


def test_saving_what_is_shown_keeps_the_password(visitor: Visitor, usual: Usual, session: Session) -> None:
    save(visitor.enter(usual.sun), **FIELDS)

    save(visitor, **{**FIELDS, "smtp_url": SHOWN, "mail_from": "new@example.org"})

    assert kept(session)["smtp_url"] == URL
    assert kept(session)["mail_from"] == "new@example.org"


@pytest.mark.parametrize("place", ["evil.example:587", "mail.example.org:25"])
def test_the_kept_password_does_not_follow_to_another_server(
    visitor: Visitor, usual: Usual, session: Session, place: str
) -> None:
    save(visitor.enter(usual.sun), **FIELDS)

    for act in ("", "test"):
        sent = {**FIELDS, "smtp_url": f"smtp+starttls://duban:***@{place}", "act": act, "test_to": "li@example.org"}
        answer = save(visitor, **sent)

        assert answer.status_code == 422
        assert "把密码也重新填写" in answer.text
    assert kept(session)["smtp_url"] == URL


def test_emptied_they_are_gone(visitor: Visitor, usual: Usual, session: Session) -> None:
    save(visitor.enter(usual.sun), **FIELDS)

    save(visitor, public_url="", smtp_url="", mail_from="")

    assert kept(session) == {}


def test_what_the_environment_sets_wins_and_is_not_kept_over(
    usual: Usual, session: Session, settings: Settings
) -> None:
    session.add(Setting(name="smtp_url", value="smtp://other"))
    session.flush()
    given = replace(
        settings, smtp_url=URL, mail_transport=MailTransport.SMTP, given=frozenset({"smtp_url", "public_url"})
    )

    change_settings(
        session,
        SettingValues(public_url="https://other.test", smtp_url="smtp://third", mail_from="a@x.org"),
        version=version_of_settings(kept_settings(session), settings=given),
        settings=given,
        **writing_by(usual.actor("sun")),
    )

    effective = effective_settings(session, given)
    assert (effective.smtp_url, effective.public_url) == (URL, settings.public_url)
    assert effective.mail_from == "a@x.org"
    assert kept_settings(session) == {"smtp_url": "smtp://other", "mail_from": "a@x.org"}


def test_the_environment_says_what_it_sets() -> None:
    environ = {"TASKBOARD_SECRET_KEY": "x" * 40, "TASKBOARD_MAIL_FROM": "a@x.org", "TASKBOARD_PUBLIC_URL": ""}

    assert settings_from_environment({"TASKBOARD_SECRET_KEY": "x" * 40}).given == frozenset()
    environ.pop("TASKBOARD_PUBLIC_URL")
    assert settings_from_environment(environ).given == {"mail_from"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"public_url": "duban.test"}, "访问地址应以"),
        ({"smtp_url": "smtp://[x"}, "邮件服务器应以"),
        ({"smtp_url": "smtp://host:port"}, "邮件服务器应以"),
        ({"mail_from": "nobody"}, "发件人应是邮箱地址"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(
    visitor: Visitor, usual: Usual, session: Session, changed: dict[str, str], words: str
) -> None:
    answer = save(visitor.enter(usual.sun), **{**FIELDS, **changed})

    assert answer.status_code == 422
    assert words in answer.text
    assert next(iter(changed.values())) in answer.text
    assert kept(session) == {}


@pytest.mark.parametrize("name", ["chen", "li", "liu"])
def test_nobody_else_gets_there(visitor: Visitor, usual: Usual, session: Session, name: str) -> None:
    visitor.enter(getattr(usual, name))

    assert visitor.get("/settings").status_code == 403
    assert visitor.post("/settings", **FIELDS).status_code == 403
    assert kept(session) == {}


@pytest.mark.parametrize(
    ("url", "shown"), [(URL, SHOWN), ("smtp://host:25", "smtp://host:25"), ("smtp://u@host", "smtp://u@host")]
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
    assert with_kept_password(shown, url) == url


def test_a_mask_without_anything_kept_is_refused() -> None:
    with pytest.raises(Invalid):
        with_kept_password(SHOWN, None)


def test_rates_and_hours_are_saved_by_a_form_of_their_own(visitor: Visitor, usual: Usual, session: Session) -> None:
    visitor.enter(usual.sun)

    answer = save_sending(visitor, per_minute="６０", per_hour="", opens="9：00", closes="")
    page = visitor.get("/settings").text

    assert answer.status_code == 303
    session.rollback()
    kept = dict(session.execute(select(Setting.name, Setting.value)).all())
    assert kept == {"mails_per_minute": "60", "office_opens": "09:00"}
    assert 'value="60"' in page
    assert 'value="09:00"' in page


def test_what_is_wrong_with_rates_and_hours_stands_beside_what_was_typed(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.sun)

    answers = [
        save_sending(visitor, per_minute="100", per_hour="50", opens="", closes=""),
        save_sending(visitor, per_minute="很多", per_hour="", opens="25:00", closes=""),
        save_sending(visitor, per_minute="", per_hour="", opens="5:00", closes="9:00"),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "每小时的上限不能小于每分钟的上限（100）。" in answers[0].text
    assert "时间的写法不对，请写成 8:30 这样。" in answers[1].text
    assert "25:00" in answers[1].text
    assert "应在 06:00 到 22:00 之间。" in answers[2].text


def test_the_hours_say_beside_them_within_which_bounds_they_are_chosen(visitor: Visitor, usual: Usual) -> None:
    page = visitor.enter(usual.sun).get("/settings").text

    assert page.count("可设在 06:00 到 22:00 之间") == 2
    assert "至少比开始时间晚 4 小时" in page


def test_what_two_administrators_typed_stands_side_by_side(visitor: Visitor, usual: Usual, session: Session) -> None:
    shown = visitor.enter(usual.sun).get("/settings").text
    theirs = save_sending(visitor, sent_from=shown, per_minute="60", per_hour="", opens="9:00", closes="")
    mine = save_sending(visitor, sent_from=shown, per_minute="80", per_hour="", opens="8点半", closes="")

    assert (theirs.status_code, mine.status_code) == (303, 409)
    assert "有人修改过这里" in mine.text
    assert 'data-label="现在保存的">09:00<' in mine.text
    assert 'value="8点半"' in mine.text
    assert 'value="80"' in mine.text
    again = save_sending(visitor, sent_from=mine.text, per_minute="80", per_hour="", opens="8点半", closes="")
    assert again.status_code == 303
    session.rollback()
    kept = dict(session.execute(select(Setting.name, Setting.value)).all())
    assert kept == {"mails_per_minute": "80", "office_opens": "08:30"}


def test_the_address_and_the_mail_server_are_not_written_over_either(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    shown = visitor.enter(usual.sun).get("/settings").text
    save(visitor, sent_from=shown, **FIELDS)
    answer = save(visitor, sent_from=shown, **{**FIELDS, "public_url": "https://mine.test"})

    assert answer.status_code == 409
    assert "https://mine.test" in answer.text
    assert 'data-label="现在保存的">https://duban.test<' in answer.text
    assert kept(session) == FIELDS
    assert save(visitor, sent_from=answer.text, **{**FIELDS, "public_url": "https://mine.test"}).status_code == 302


def test_a_mask_of_an_address_that_somebody_replaced_is_a_conflict(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    save(visitor.enter(usual.sun), **FIELDS)
    shown = visitor.get("/settings").text
    save(visitor, sent_from=shown, **{**FIELDS, "smtp_url": "smtp://other.example.org:25"})

    answer = save(visitor, sent_from=shown, **{**FIELDS, "smtp_url": SHOWN})

    assert answer.status_code == 409
    assert "smtp://other.example.org:25" in answer.text
    assert kept(session)["smtp_url"] == "smtp://other.example.org:25"


def test_a_second_click_is_no_conflict(visitor: Visitor, usual: Usual) -> None:
    shown = visitor.enter(usual.sun).get("/settings").text

    clicks = [save(visitor, sent_from=shown, **FIELDS).status_code for _ in range(2)]
    more = [save_sending(visitor, sent_from=shown, per_minute="60").status_code for _ in range(2)]

    assert (clicks, more) == ([302, 302], [303, 303])


def test_what_a_page_carries_of_the_settings_tells_nothing_of_the_password(settings: Settings) -> None:
    other = replace(settings, secret_key="y" * 40)

    versions = {version_of_settings({"smtp_url": URL}, settings=one) for one in (settings, other)}
    versions.add(version_of_settings({"smtp_url": SHOWN}, settings=settings))

    assert len(versions) == 3
