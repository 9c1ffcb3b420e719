"""The form of how somebody wants notices and the digest."""

from __future__ import annotations

from wtforms import BooleanField, RadioField

from taskboard.domain.notice_kinds import NoticeWish
from taskboard.labels.notices import WISHES
from taskboard.services.notice_wishes import Wishes
from taskboard.web.forms import Form, choices


class WishesForm(Form):
    notices = RadioField("可选通知", choices=choices((wish.value, words) for wish, words in WISHES.items()))
    digest = BooleanField("每周首个工作日收督办周报")

    def fill_in(self, wishes: Wishes) -> None:
        self.notices.data = wishes.notices.value
        self.digest.data = wishes.digest

    @property
    def wishes(self) -> Wishes:
        return Wishes(NoticeWish(self.notices.data), bool(self.digest.data))
