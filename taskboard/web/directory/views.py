"""The directory as a whole: sent out as a table, taken in after a preview, begun with a template."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from taskboard.documents.document import DocumentError
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, today, transaction
from taskboard.labels.directory import DEPARTMENT_COLUMNS, PEOPLE_COLUMNS, cell_problem
from taskboard.labels.documents import describe_table_problem
from taskboard.labels.errors import PROBLEMS
from taskboard.services import directory_export, directory_import, directory_sheets, directory_templates
from taskboard.services.department_names import find_department
from taskboard.services.directory_export import DirectoryTables
from taskboard.web.directory.forms import ApplyForm, TemplateForm, UploadForm
from taskboard.web.guards import current_actor, requires
from taskboard.web.writing import writing

blueprint = Blueprint("directory", __name__, url_prefix="/directory")

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHANGED_MEANWHILE = "没有导入：您打开页面之后，有人改过单位目录。下面是按最新目录重新核对的结果，请再次确认。"
MOST_ROWS_SHOWN = 300
"""of each kind; more would only make the page slow, and the counts say how many there are"""


@blueprint.get("/departments.xlsx")
@requires(Role.ADMINISTRATOR)
def export() -> ResponseReturnValue:
    """The whole directory as a workbook."""
    tables = directory_export.load_directory_tables(read_session(), actor=current_actor(), today=today())
    content = directory_export.write_workbook(tables)
    return _file(content, WORKBOOK, f"单位目录-{today():%Y%m%d}.xlsx")


@blueprint.get("/blank.xlsx")
@requires(Role.ADMINISTRATOR)
def blank() -> ResponseReturnValue:
    """The workbook with nothing in it but its columns, choices and notes, to be filled in."""
    content = directory_export.write_workbook(DirectoryTables(departments=[], people=[]))
    return _file(content, WORKBOOK, "单位目录-空白模板.xlsx")


@blueprint.get("/departments.csv")
@requires(Role.ADMINISTRATOR)
def export_departments() -> ResponseReturnValue:
    """The departments as text."""
    tables = directory_export.load_directory_tables(read_session(), actor=current_actor(), today=today())
    content = directory_export.write_csv(DEPARTMENT_COLUMNS, tables.departments)
    return _file(content, "text/csv; charset=utf-8", f"单位-{today():%Y%m%d}.csv")


@blueprint.get("/people.csv")
@requires(Role.ADMINISTRATOR)
def export_people() -> ResponseReturnValue:
    """The people with their posts as text."""
    tables = directory_export.load_directory_tables(read_session(), actor=current_actor(), today=today())
    content = directory_export.write_csv(PEOPLE_COLUMNS, tables.people)
    return _file(content, "text/csv; charset=utf-8", f"人员-{today():%Y%m%d}.csv")


def _file(content: bytes, kind: str, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)


@blueprint.get("/import")
@requires(Role.ADMINISTRATOR)
def upload_page() -> ResponseReturnValue:
    """Where a directory is uploaded or begun with a template, and what still waits."""
    return _upload_page(UploadForm(formdata=None), TemplateForm(formdata=None))


@blueprint.post("/import")
@requires(Role.ADMINISTRATOR)
def upload() -> ResponseReturnValue:
    """Read the file and keep it; nothing of the directory is changed yet."""
    form = UploadForm()
    sent = form.file.data
    if not isinstance(sent, FileStorage) or not sent.filename:
        form.file.errors = [PROBLEMS["directory_file_missing"]]
        return _upload_page(form, TemplateForm(formdata=None), status=422)
    if not form.validate():
        return _upload_page(form, TemplateForm(formdata=None), status=422)
    content = sent.read()
    # Reading may take seconds: no transaction stays open meanwhile.
    read_session().rollback()
    try:
        sheets = directory_sheets.read_sheets(content, sent.filename)
        with transaction() as session:
            kept = directory_import.keep_upload(
                session,
                content=content,
                name=sent.filename,
                sheets=sheets,
                parent_id=_parent_id(session, form.parent.data),
                actor=current_actor(),
                now=now(),
            )
            directory_import.settle_where_unchanged(session, kept, now=now())
            upload_id = kept.id
    except Invalid as error:
        form.show_problem(error)
        return _upload_page(form, TemplateForm(formdata=None), status=422)
    except DocumentError as error:
        form.file.errors = [describe_table_problem(error.problem, error.facts)]
        return _upload_page(form, TemplateForm(formdata=None), status=422)
    return redirect(url_for("directory.preview", upload_id=upload_id), 303)


@blueprint.post("/template")
@requires(Role.ADMINISTRATOR)
def begin_with_template() -> ResponseReturnValue:
    """Keep a template with its place like an upload; nothing of the directory is changed yet."""
    form = TemplateForm()
    if not form.validate():
        return _upload_page(UploadForm(formdata=None), form, status=422)
    try:
        with transaction() as session:
            kept = directory_templates.keep_template(
                session,
                form.template.data,
                form.place.data or "",
                parent_id=_parent_id(session, form.parent.data),
                **writing(),
            )
            upload_id = kept.id
    except Invalid as error:
        form.show_problem(error)
        return _upload_page(UploadForm(formdata=None), form, status=422)
    return redirect(url_for("directory.preview", upload_id=upload_id), 303)


def _parent_id(session: Session, name: str | None) -> int | None:
    return find_department(session, name, field="parent").id if name else None


@blueprint.get("/import/<int:upload_id>")
@requires(Role.ADMINISTRATOR)
def preview(upload_id: int) -> ResponseReturnValue:
    """What the upload would change in the directory as it is now."""
    return _preview_page(upload_id, ApplyForm(formdata=None))


@blueprint.post("/import/<int:upload_id>/apply")
@requires(Role.ADMINISTRATOR)
def apply(upload_id: int) -> ResponseReturnValue:
    """Take all rows over together, or none."""
    form = ApplyForm()
    if not form.validate():
        return _preview_page(upload_id, form, status=422)
    try:
        with transaction() as session:
            reading = directory_import.apply_upload(session, upload_id, mark=form.mark.data or "", **writing())
            added, changed = len(reading.added), len(reading.changed)
    except Stale:
        form.form_errors.append(CHANGED_MEANWHILE)
        return _preview_page(upload_id, form, status=409)
    except Invalid as error:
        form.show_problem(error)
        return _preview_page(upload_id, form, status=422)
    done = f"已导入：新增 {added} 项，变更 {changed} 项。" if added or changed else "目录已经是文件里的样子，没有变更。"
    flash(done, "success")
    return redirect(url_for("departments.department_list"), 303)


@blueprint.post("/import/<int:upload_id>/give-up")
@requires(Role.ADMINISTRATOR)
def give_up(upload_id: int) -> ResponseReturnValue:
    """Leave the upload; its file stays in the database."""
    with transaction() as session:
        directory_import.give_up(session, upload_id, actor=current_actor(), now=now())
    flash("已放弃这份文件，单位目录没有变化。", "success")
    return redirect(url_for("directory.upload_page"), 303)


@blueprint.get("/import/<int:upload_id>/file")
@requires(Role.ADMINISTRATOR)
def uploaded_file(upload_id: int) -> ResponseReturnValue:
    """The file as it was sent, to be put right and sent again."""
    kept = directory_import.get_upload(read_session(), upload_id, actor=current_actor())
    return _file(kept.content, "application/octet-stream", kept.name)


def _upload_page(form: UploadForm, template_form: TemplateForm, *, status: int = 200) -> ResponseReturnValue:
    template_form.keep_apart("template")
    page = render_template(
        "directory/upload.html",
        form=form,
        template_form=template_form,
        templates=directory_templates.list_templates(),
        waiting=directory_import.list_waiting(read_session(), actor=current_actor()),
    )
    return page, status


def _preview_page(upload_id: int, form: ApplyForm, *, status: int = 200) -> ResponseReturnValue:
    session = read_session()
    kept = directory_import.get_upload(session, upload_id, actor=current_actor())
    reading = directory_import.compare_upload(session, kept, today=today())
    form.mark.raw_data = None
    form.mark.data = reading.mark
    page = render_template(
        "directory/preview.html",
        upload=kept,
        reading=reading,
        problems_of_cells=[(one, cell_problem(one)) for one in reading.problems[:MOST_ROWS_SHOWN]],
        unread=[(one, cell_problem(one)) for one in reading.unread_columns],
        form=form,
        most=MOST_ROWS_SHOWN,
    )
    return page, status
