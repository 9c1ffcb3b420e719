"""Files on tasks: upload from the task's page, download, removal."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, send_file, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, NotFound
from taskboard.extensions import current_settings, now, read_session, transaction
from taskboard.labels.errors import problem_words
from taskboard.services import attachment_files, attachments
from taskboard.services.attachment_lists import TaskAttachments, list_attachments
from taskboard.services.tasks import TaskDetail
from taskboard.web.attachments.forms import RemovalForm, UploadForm
from taskboard.web.forms import key_of
from taskboard.web.guards import current_actor
from taskboard.web.once import once
from taskboard.web.uploads import attachment_folder, stored

blueprint = Blueprint("attachments", __name__)

POLICY = "sandbox; default-src 'none'"
"""a browser that shows a file all the same gives it no origin, no script and nothing from outside"""
ENTRANCE = "web"


@blueprint.app_context_processor
def share_with_task_pages() -> dict[str, object]:
    return {"task_attachments": _of_task, "upload_form": _upload_form, "file_size": size_words}


@blueprint.post("/tasks/<int:task_id>/attachments")
def add(task_id: int) -> ResponseReturnValue:
    form = UploadForm()
    # Before large files are taken in for nothing.
    attachments.check_place(read_session(), task_id, form.assignment_id.data, current_actor())
    settings = current_settings()
    try:
        if not form.validate_on_submit():
            raise Invalid("files", "attachment_missing")
        with stored(form.files) as uploads, transaction() as session:
            is_new = attachments.add_attachments(
                session,
                task_id,
                uploads,
                assignment_id=form.assignment_id.data,
                plan_limit=settings.max_plan_attachments_bytes,
                actor=current_actor(),
                now=now(),
                entrance=ENTRANCE,
                request_key=form.request_key.data,
            )
    except Invalid as error:
        flash(problem_words(error), "error")
        return redirect(_page(task_id))
    if is_new:
        flash(f"已上传 {len(uploads)} 个附件。", "success")
    return redirect(_page(task_id))


@blueprint.get("/attachments/<attachment_id>")
def download(attachment_id: str) -> ResponseReturnValue:
    found = attachments.get_attachment(read_session(), attachment_id, current_actor())
    try:
        path = attachment_files.path_of(attachment_folder(), found.id)
    except ValueError:
        raise NotFound(subject="attachment") from None
    if not path.is_file():
        raise NotFound(subject="attachment")
    answer = send_file(path, mimetype=found.media_type, as_attachment=True, download_name=found.name, etag=False)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/attachments/<attachment_id>/removal")
def remove(attachment_id: str) -> ResponseReturnValue:
    form = RemovalForm()
    with transaction() as session:
        task_id = attachments.remove_attachment(
            session,
            attachment_id,
            actor=current_actor(),
            now=now(),
            entrance=ENTRANCE,
            # One page has one key for all its files.
            request_key=key_of(form.request_key.data, {"attachment_id": attachment_id}),
        )
    flash("已移除附件；这件事留在办理记录里。", "success")
    return redirect(_page(task_id))


def size_words(size: int) -> str:
    """``1.4 MB``"""
    if size < 1024:
        return f"{size} 字节"
    if size < 2**20:
        return f"{size / 1024:.0f} KB"
    return f"{size / 2**20:.1f} MB"


def _of_task(task: TaskDetail) -> TaskAttachments:
    """For a page that shows them in several places; asked once."""
    return once(lambda: list_attachments(read_session(), task), "attachments", task.id)


def _upload_form(assignment_id: int | None) -> UploadForm:
    form = UploadForm(formdata=None)
    form.assignment_id.data = assignment_id
    return form


def _page(task_id: int) -> str:
    return url_for("tasks.task", task_id=task_id, _anchor="attachments")
