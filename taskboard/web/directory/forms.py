"""The forms of a directory that comes in: the file, or a template with its place."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField

from taskboard.services.department_names import LONGEST_NAME
from taskboard.services.directory_templates import list_templates
from taskboard.web.forms import Form, LineField, MaxLength, Required, choices

LONGEST_PLACE = 40


class UploadForm(Form):
    file = FileField("单位目录文件")
    parent = LineField("新单位放在", [MaxLength(LONGEST_NAME)])


class TemplateForm(Form):
    template = SelectField("模板", choices=choices((one.code, one.title) for one in list_templates()))
    place = LineField("地名或企业名称", [Required("请填写地名或企业名称。"), MaxLength(LONGEST_PLACE)])
    parent = LineField("上级单位", [MaxLength(LONGEST_NAME)])


class ApplyForm(Form):
    """Agreement to what was shown."""

    mark = HiddenField()
