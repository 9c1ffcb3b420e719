"""Importing a plan: choose a document, review what was read from it, confirm."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, flash, get_template_attribute, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.imports import Decisions, dismissed, taken, with_lead
from taskboard.domain.roles import Role
from taskboard.extensions import current_settings, now, read_session, transaction
from taskboard.labels.documents import describe_document_problem
from taskboard.labels.errors import problem_words
from taskboard.labels.imports import RECURRENCE_CHOICES
from taskboard.labels.targets import COMPARISONS
from taskboard.models import ImportDraft
from taskboard.services import confirmations, imports, revisions, scans
from taskboard.services.import_review import Hindrance, Review, find_places, review_draft
from taskboard.services.imports import Same, Source
from taskboard.web.guards import current_actor, requires
from taskboard.web.imports import merging, pages, rows, summaries
from taskboard.web.imports.forms import Change, DiscardForm, ReviewForm, UploadForm
from taskboard.web.imports.merging import Conflict
from taskboard.web.imports.parts import Parts, bind, bind_unchanged, complete, sent_parts
from taskboard.web.imports.portions import KINDS, OFFERED, Asked, next_doubt, portion_of
from taskboard.web.once import current_calendar

ENTRANCE = "web"

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

STATUSES = {DocumentProblem.TOO_LARGE: 413, DocumentProblem.UNSUPPORTED: 415, DocumentProblem.BUSY: 503}
"""problems of a document whose status is not 422"""


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
def new() -> ResponseReturnValue:
    """Upload or paste a document; what can be read becomes a draft under review."""
    form = UploadForm()
    _offer_bodies(form)
    if not form.validate_on_submit():
        return _upload_page(form)
    body_id = _chosen_body(form)
    try:
        content, name = _sent_document(form)
        same = _find_same(content)
        if same and not _is_again(form):
            return _same_page(form, same)
        try:
            source = _read(content, name)
        except DocumentError as error:
            if error.problem is not DocumentProblem.SCANNED:
                raise
            return _keep_scan(content, name, body_id)
    except Invalid as error:
        form.show_problem(error)
        return _upload_page(form, status=422)
    except DocumentError as error:
        words = describe_document_problem(error.problem, error.facts)
        (form.file if form.file.data else form.text).errors = [words]
        return _upload_page(form, status=STATUSES.get(error.problem, 422))
    with transaction() as session:
        draft = imports.start_import(
            session, source, body_id=body_id, actor=current_actor(), now=now(), entrance=ENTRANCE
        )
        draft_id = draft.id
    return redirect(url_for("imports.review", draft_id=draft_id), 303)


@blueprint.route("/<int:draft_id>", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
def review(draft_id: int) -> ResponseReturnValue:
    """The measures beside their source; sent with ``act=confirm`` they become a plan, otherwise they are kept."""
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    if draft.plan_id is not None:
        return _to_plan(draft.plan_id)
    form = ReviewForm()
    current = review_draft(read_session(), draft)
    if not form.is_submitted():
        return _review_page(draft, current, bind_unchanged(current), form)
    parts = sent_parts(current, merging.take_theirs(current, request.form))
    if not parts.validate() or not form.validate_common():
        return _review_page(draft, current, complete(current, parts), form, status=422)
    act = request.form.get("act", "")
    if act.startswith("arrange-"):
        return _rearrange(draft_id, parts, form, act)
    change = form.common_change(act)
    if act.startswith("bulk-") and change is None:
        return _review_page(draft, current, complete(current, parts), form, status=422)
    decisions = parts.decisions()
    if act == "fill":
        decisions = _changed(current, decisions, lambda entry: with_lead(entry, form.common_lead.names))
    elif (one := _act_on_one(act)) is not None:
        decisions = _changed(current, decisions, one.change, keys={one.key})
    elif change is not None:
        decisions = _changed(current, decisions, change, keys=_selected(current, form))
    return _keep(draft_id, decisions, form, act=act)


def _keep(draft_id: int, decisions: Decisions, form: ReviewForm, *, act: str) -> ResponseReturnValue:
    """Save what was entered, and confirm where that was asked for; a confirmation refused loses nothing."""
    try:
        version = _save(draft_id, decisions, form.known_version)
        if act == "confirm":
            return _confirm(draft_id, version, form)
    except Stale:
        return _conflict_page(draft_id, form)
    except Invalid as error:
        return _refused_page(draft_id, form, error)
    if act.startswith("bulk-"):
        selected = form.selected.data or []
        flash("已修改找到的全部各项。" if form.everything.data else f"已修改选中的 {len(selected)} 项。", "success")
        return redirect(_address(draft_id, at=next(iter(selected), "")), 303)
    if (one := _act_on_one(act)) is not None:
        flash(one.words, "success")
        return redirect(_address(draft_id, at=one.key), 303)
    flash("已保存。核对完毕后，请点“确认导入”。", "success")
    return redirect(_address(draft_id), 303)


class ActOnOne(NamedTuple):
    """A decision about one row that the reading did not take for a measure, and what is said when it is done."""

    key: str
    change: Change
    words: str


ACTS_ON_ONE: Mapping[str, tuple[Change, str]] = {
    "take": (taken, "已加入要导入的举措，请补全它的牵头单位和时限。"),
    "dismiss": (dismissed, "已记下这段文字不是举措。"),
    "recall": (lambda entry: replace(entry, is_dismissed=False), "已恢复提示。"),
}


def _act_on_one(act: str) -> ActOnOne | None:
    name, _, key = act.partition("-")
    return ActOnOne(key, *ACTS_ON_ONE[name]) if name in ACTS_ON_ONE else None


def _address(draft_id: int, *, at: str = "") -> str:
    """The page of the review from which something was sent, at a measure where one is named."""
    query = Asked.from_query(request.args).query(page=0 if at else _page_asked(), at=at)
    return url_for("imports.review", draft_id=draft_id, **query, _anchor=f"row-{at}" if at else None)


def _page_asked() -> int:
    return Asked.from_query(request.args).page


def _selected(current: Review, form: ReviewForm) -> Container[str]:
    """The keys of the measures to change: those ticked, or all that the page's search found."""
    if not form.everything.data:
        return form.selected.data or ()
    found = portion_of(current, Asked.from_query(request.args)).found
    is_of_offered = Asked.from_query(request.args).kind in OFFERED
    return {one.row.key for one in found if is_of_offered or not one.row.is_offered}


def _rearrange(draft_id: int, parts: Parts, form: ReviewForm, act: str) -> ResponseReturnValue:
    """Save what was entered, then do ``arrange-<act>:<key>`` or ``arrange-split:<key>:<character>``."""
    name, _, place = act.removeprefix("arrange-").partition(":")
    key, _, at = place.partition(":")
    try:
        version = _save(draft_id, parts.decisions(), form.known_version)
        with transaction() as session:
            imports.rearrange_measures(
                session,
                draft_id,
                Rearrangement(name) if name in set(Rearrangement) else Rearrangement.SPLIT,
                key,
                at=int(at) if at.isdecimal() and len(at) < 9 else None,
                version=version,
                actor=current_actor(),
                now=now(),
            )
    except Stale:
        return _conflict_page(draft_id, form)
    except Invalid as error:
        return _refused_page(draft_id, form, error)
    return redirect(_address(draft_id, at=_shown_after(draft_id, key)), 303)


def _shown_after(draft_id: int, key: str) -> str:
    """The row where the measure of this key is to be found now: its own, or that of which it became a part."""
    current = review_draft(read_session(), imports.get_draft(read_session(), draft_id, current_actor()))
    source = key.partition("_")[0]
    holders = [one.row.key for one in current.rows if source in {part.source for part in one.row.parts}]
    return key if key in holders else next(iter(holders), key)


@blueprint.get("/<int:draft_id>/progress")
@requires(Role.SUPERVISOR)
def progress(draft_id: int) -> ResponseReturnValue:
    """How far the confirmation is, for the page that waits for it; the plan's address when it is done."""
    # In this order: between the two a confirmation may end.
    found = confirmations.find_progress(_progress_folder(), draft_id)
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    if draft.plan_id is not None:
        return jsonify(plan=url_for("plans.plan", plan_id=draft.plan_id))
    return jsonify(found._asdict() if found else {})


def _progress_folder() -> Path:
    return current_settings().instance_dir / confirmations.FOLDER_NAME


@blueprint.post("/<int:draft_id>/parts")
@requires(Role.SUPERVISOR)
def save_parts(draft_id: int) -> ResponseReturnValue:
    """Keep the parts of the review that a script sends while a person works; answers what to show anew."""
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    form = ReviewForm()
    parts = sent_parts(review_draft(read_session(), draft), request.form)
    if not parts.validate():
        errors = {field.id: " ".join(field.errors) for one in parts.all_forms() for field in one if field.errors}
        return jsonify(errors=errors), 422
    try:
        version = _save(draft_id, parts.decisions(), form.known_version)
    except Stale:
        return jsonify(message="有人刚修改了这份导入。您填写的内容还在，请点“保存”查看差别。"), 409
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    current = review_draft(read_session(), draft)
    fresh = bind_unchanged(current)
    portion = portion_of(current, Asked.from_query(request.args))
    row_state = get_template_attribute("imports/_row_state.html", "row_state")
    shown = {key: rows.row_page(one, current.facts, None, {}) for key, one in current.rows_by_key(parts.measures)}
    return jsonify(
        version=version,
        seen=merging.seen_by(draft, portion.keys),
        uncertain={key: list(one.uncertain) for key, one in current.rows_by_key(parts.measures)},
        rows={key: row_state(row) for key, row in shown.items()},
        names=render_template(
            "imports/_names.html",
            names=pages.names_of(current, portion, fresh.names),
            unknown_names=len(current.unknown),
        ),
        summary=render_template("imports/_summary.html", summary=summaries.summary_of(current)),
    )


@blueprint.post("/<int:draft_id>/discard")
@requires(Role.SUPERVISOR)
def discard(draft_id: int) -> ResponseReturnValue:
    with transaction() as session:
        imports.discard_draft(session, draft_id, actor=current_actor(), now=now(), entrance=ENTRANCE)
    flash("导入已放弃，没有生成任何计划或任务。", "success")
    return redirect(url_for("imports.new"), 303)


# Choosing a document


def _offer_bodies(form: UploadForm) -> None:
    bodies = imports.list_importing_bodies(read_session(), current_actor())
    form.body.choices = [(str(one.id), one.name) for one in bodies]
    if not form.body.data:
        form.body.data = str(bodies[0].id)


def _chosen_body(form: UploadForm) -> int:
    return int(form.body.data)


def _sent_document(form: UploadForm) -> tuple[bytes, str | None]:
    """Content and file name, ``None`` for a pasted text; raises ``Invalid`` where there is neither."""
    if _is_again(form):
        return imports.read_again(
            read_session(),
            draft_id=form.draft.data,
            plan_id=form.plan.data,
            scan_id=form.scan.data,
            actor=current_actor(),
        )
    upload = form.file.data
    if isinstance(upload, FileStorage) and upload.filename:
        return upload.read(), upload.filename
    if form.text.data:
        return form.text.data.encode("utf-8", errors="replace"), None
    raise Invalid("file", "document_missing")


def _is_again(form: UploadForm) -> bool:
    return any(field.data is not None for field in (form.draft, form.plan, form.scan))


def _find_same(content: bytes) -> Same:
    return imports.find_same(read_session(), imports.fingerprint(content), actor=current_actor())


def _read(content: bytes, name: str | None) -> Source:
    calendar = current_calendar()
    # Reading may take seconds: no transaction stays open meanwhile.
    read_session().rollback()
    if name is None:
        return imports.read_pasted(content.decode("utf-8"), calendar=calendar)
    return imports.read_file(content, name, calendar=calendar)


def _keep_scan(content: bytes, name: str | None, body_id: int) -> ResponseReturnValue:
    """Scans wait for their recognition, which takes longer than anybody waits for a page."""
    with transaction() as session:
        scan = scans.keep_scan(
            session,
            content,
            name=imports.bare_name(name or ""),
            sha=imports.fingerprint(content),
            body_id=body_id,
            actor=current_actor(),
            now=now(),
        )
        scan_id = scan.id
    return redirect(url_for("scans.scan", scan_id=scan_id), 303)


def _upload_page(form: UploadForm, *, status: int = 200) -> ResponseReturnValue:
    if form.is_submitted() and status == 200:
        status = 422
    page = render_template(
        "imports/new.html",
        form=form,
        discard_form=DiscardForm(formdata=None),
        drafts=imports.list_drafts(read_session(), current_actor()),
        scans=scans.list_scans(read_session(), current_actor()),
        **pages.upload_facts(),
    )
    return page, status


def _same_page(form: UploadForm, same: Same) -> ResponseReturnValue:
    again = UploadForm(formdata=None)
    again.body.choices, again.body.data = form.body.choices, form.body.data
    again.plan.data = same.plans[0].id if same.plans else None
    again.draft.data = same.drafts[0].id if same.drafts and not same.plans else None
    again.scan.data = same.scans[0].id if same.scans and not (same.plans or same.drafts) else None
    return render_template("imports/same.html", form=again, same=same), 409


# Reviewing


def _changed(current: Review, decisions: Decisions, change: Change, *, keys: Container[str] | None = None) -> Decisions:
    """What was entered, with the change made to the measures of these keys, or to all."""
    entered = decisions.entries or {}
    stand = {one.row.key: entered.get(one.row.key, one.row.entry) for one in current.rows}
    changed = {key: change(entry) for key, entry in stand.items() if keys is None or key in keys}
    return replace(decisions, entries={**entered, **changed})


def _save(draft_id: int, decisions: Decisions, version: int) -> int:
    with transaction() as session:
        draft = imports.save_decisions(session, draft_id, decisions, version=version, actor=current_actor(), now=now())
        return draft.version


def _confirm(draft_id: int, version: int, form: ReviewForm) -> ResponseReturnValue:
    with confirmations.telling(_progress_folder(), draft_id) as tell, transaction() as session:
        plan = imports.confirm_import(
            session,
            draft_id,
            version=version,
            leads_are_checked=bool(form.leads_are_checked.data),
            units_are_checked=bool(form.units_are_checked.data),
            actor=current_actor(),
            now=now(),
            entrance=ENTRANCE,
            tell=tell,
        )
        plan_id = plan.id
    flash("导入完成。任务现在是草稿，交办后各单位才能看到。", "success")
    return _to_plan(plan_id)


def _to_plan(plan_id: int) -> ResponseReturnValue:
    return redirect(url_for("plans.plan", plan_id=plan_id), 303)


def _conflict_page(draft_id: int, form: ReviewForm) -> ResponseReturnValue:
    """What both changed, with what stood before; what was typed stays in the form, and saving again takes it."""
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    if draft.plan_id is not None:
        return _to_plan(draft.plan_id)
    current = review_draft(read_session(), draft)
    merged, conflicts = merging.merge(draft, current, merging.take_theirs(current, request.form))
    return _review_page(draft, current, bind(current, merged), form, status=409, changes=conflicts)


def _refused_page(draft_id: int, form: ReviewForm, error: Invalid) -> ResponseReturnValue:
    """What was typed is kept in the draft; what stands in the way of confirming is said at the top."""
    draft = imports.get_draft(read_session(), draft_id, current_actor())
    current = review_draft(read_session(), draft)
    hindrances: list[Hindrance] = error.facts.get("hindrances", [])
    if not hindrances:
        form.form_errors.append(problem_words(error))
    return _review_page(draft, current, bind_unchanged(current), form, status=422, refused=hindrances)


def _review_page(
    draft: ImportDraft,
    current: Review,
    parts: Parts,
    form: ReviewForm,
    *,
    status: int = 200,
    changes: list[Conflict] | None = None,
    refused: Iterable[Hindrance] | None = None,
) -> ResponseReturnValue:
    form.version.data = current.version
    form.version.raw_data = None
    same = imports.find_same(read_session(), draft.source_sha256, actor=current_actor(), besides=draft.id)
    portion = portion_of(current, Asked.from_query(request.args), only=parts.measures)
    shown = rows.rows_of(current, portion.rows, parts, find_places(draft, portion.rows))
    form.seen.raw_data = None
    form.seen.data = merging.seen_by(draft, portion.keys)
    doubt = next_doubt(current, portion)
    page = render_template(
        "imports/review.html",
        draft=draft,
        review=current,
        form=form,
        discard_form=DiscardForm(),
        facts=parts.facts,
        rows=shown,
        selected=frozenset(form.selected.data or ()),
        recurrences=RECURRENCE_CHOICES,
        comparisons=[(one.value, words) for one, words in COMPARISONS.items()],
        problems=pages.problems_of(current),
        rhythm_words=current.rhythm_words,
        portion=portion,
        kinds=[(kind.value, words) for kind, (words, _) in KINDS.items()],
        next_doubt=f"?at={doubt}#row-{doubt}" if doubt else "",
        doubts_elsewhere=pages.count_doubts(current, besides=portion.keys),
        source=pages.source_of(imports.list_source_blocks(draft), current, shown),
        names=pages.names_of(current, portion, parts.names),
        unknown_names=len(current.unknown),
        summary=summaries.summary_of(current, refused or ()),
        notes=pages.notes_of(current),
        may_recognise=pages.may_recognise(current),
        is_refused=refused is not None,
        missing={one.obstacle.value for one in refused or ()},
        has_errors=any(field.errors for field in form) or any(one.errors for one in parts.all_forms()),
        changes=changes,
        confirming=confirmations.find_progress(_progress_folder(), draft.id),
        same=same,
        resembling=revisions.find_resembling(read_session(), draft, current.facts.title, actor=current_actor()),
        known_names=imports.list_known_names(read_session()),
    )
    return page, status
