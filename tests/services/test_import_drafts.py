"""From a document to a draft: what is kept, known again, decided and discarded before anything of it is a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.domain.errors import NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.imports import Decisions
from taskboard.models import HistoryEntry, ImportDraft
from taskboard.services import imports
from tests.support import factories
from tests.support.drafts import change, confirm, counts, review, row, start
from tests.support.factories import NOW
from tests.support.importing import TEXT, read

# Reading and drafts


def test_nothing_of_a_draft_is_stored_as_a_plan_before_it_is_confirmed(session, usual, chen):
    before = counts(session)

    draft = start(session, usual)
    change(session, draft, "m1", chen, lead=("市新办",))

    assert counts(session) == before
    assert [one.title for one in imports.list_drafts(session, chen)] == ["云泽市优化营商环境2026—2027年行动方案"]


def test_what_was_read_can_be_reviewed_after_a_round_trip_through_the_database(session, usual):
    draft = start(session, usual)
    session.commit()
    session.expire_all()

    found = review(session, draft)

    assert [one.row.entry.title for one in found.rows] == ["推进一网通办", "清理收费项目", "健全督查机制"]
    assert found.rows[0].due.due_on == date(2026, 12, 31)
    assert [unit.department_name for unit in found.rows[0].lead] == ["市发展改革委"]


def test_a_reading_stored_by_an_earlier_release_can_still_be_reviewed(session, usual):
    draft = start(session, usual)
    older = {key: value for key, value in draft.reading.items() if key not in {"horizon", "candidates"}}
    older["measures"] = [{k: v for k, v in one.items() if k != "targets"} for one in older["measures"]]
    draft.reading = older
    session.flush()

    assert len(review(session, draft).rows) == 3


def test_targets_kept_as_bare_words_by_an_earlier_release_do_not_stop_a_review(session, usual):
    draft = start(session, usual)
    draft.reading = {
        **draft.reading,
        "measures": [{**one, "targets": ["8000家"]} for one in draft.reading["measures"]],
    }
    session.flush()

    assert len(review(session, draft).rows) == 3


def test_only_a_supervisor_of_the_body_may_import_for_it(session, usual):
    source = read(TEXT)

    with pytest.raises(NotAllowed):
        imports.start_import(session, source, body_id=usual.body.id, actor=usual.actor("li"), now=NOW, entrance="test")
    with pytest.raises(NotAllowed):
        imports.start_import(
            session, source, body_id=usual.lead.id, actor=usual.actor("chen"), now=NOW, entrance="test"
        )


def test_a_draft_of_another_body_does_not_exist(session, usual):
    draft = start(session, usual)
    elsewhere = factories.make_department(session, "海原市人民政府")
    stranger = factories.actor_of(usual.zhao, (factories.Role.SUPERVISOR, elsewhere))

    assert imports.list_drafts(session, stranger) == []
    with pytest.raises(NotFound):
        imports.get_draft(session, draft.id, stranger)
    with pytest.raises(NotFound):
        confirm(session, draft, stranger)
    with pytest.raises(NotFound):
        imports.get_draft(session, 999_999, usual.actor("chen"))


def test_a_document_that_is_under_review_or_imported_is_known_again(session, usual, chen):
    sha = imports.fingerprint(TEXT.encode())
    assert not imports.find_same(session, sha, actor=chen)

    draft = start(session, usual)
    under_review = imports.find_same(session, sha, actor=chen)
    plan = confirm(session, draft, chen)
    imported = imports.find_same(session, sha, actor=chen)

    assert [one.id for one in under_review.drafts] == [draft.id]
    assert [one.id for one in imported.plans] == [plan.id]
    assert imported.drafts == []
    assert not imports.find_same(session, sha, actor=usual.actor("li"))


def test_a_document_met_before_can_be_read_again_without_a_second_upload(session, usual, chen):
    draft = start(session, usual)
    from_draft = imports.read_again(session, draft_id=draft.id, plan_id=None, actor=chen)
    plan = confirm(session, draft, chen)
    from_plan = imports.read_again(session, draft_id=None, plan_id=plan.id, actor=chen)
    from_confirmed = imports.read_again(session, draft_id=draft.id, plan_id=None, actor=chen)

    assert from_draft == from_plan == from_confirmed == (TEXT.encode(), "粘贴的文本.txt")
    with pytest.raises(NotFound):
        imports.read_again(session, draft_id=None, plan_id=plan.id, actor=usual.actor("li"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "shown"),
    [("C:\\计划\\要点.txt", "要点.txt"), ("../../etc/passwd", "passwd"), ("", "未命名"), ("a\x00b\n.txt", "ab.txt")],
)
def test_a_file_name_is_shown_without_its_folders(session, name, shown):
    assert imports.read_file(TEXT.encode(), name).name == shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_says_why(session):
    with pytest.raises(DocumentError) as refusal:
        imports.read_file(b"\x7fELF" + bytes(2000), "a.txt")

    assert refusal.value.problem in {DocumentProblem.BINARY, DocumentProblem.UNSUPPORTED}


def test_a_draft_can_be_discarded(session, usual, chen):
    draft = start(session, usual)

    imports.discard_draft(session, draft.id, actor=chen, now=NOW, entrance="test")

    assert session.scalar(select(func.count()).select_from(ImportDraft)) == 0


def trail_of_imports(session):
    query = select(HistoryEntry).where(HistoryEntry.subject == Subject.IMPORT).order_by(HistoryEntry.id)
    return list(session.scalars(query))


def test_reading_and_discarding_a_document_is_on_record_with_its_fingerprint(session, usual, chen):
    draft = start(session, usual)
    draft_id, sha = draft.id, draft.source_sha256

    imports.discard_draft(session, draft_id, actor=chen, now=NOW, entrance="web")

    read, gone = trail_of_imports(session)
    assert [(one.act, one.subject_id, one.actor_id, one.entrance) for one in (read, gone)] == [
        (Change.READ, draft_id, chen.person_id, "test"),
        (Change.DISCARDED, draft_id, chen.person_id, "web"),
    ]
    assert read.after == gone.before == {"source_name": "粘贴的文本.txt", "sha256": sha, "body_id": usual.body.id}


def test_the_trail_tells_from_which_entrance_a_plan_was_confirmed(session, usual, chen):
    plan = confirm(session, start(session, usual), chen)

    query = select(HistoryEntry).where(HistoryEntry.subject == Subject.PLAN, HistoryEntry.subject_id == plan.id)
    assert session.scalars(query).one().entrance == "test"


def test_drafts_untouched_for_thirty_days_are_removed_and_plans_are_not(session, usual, chen):
    old, confirmed, fresh = (start(session, usual, TEXT + "\n" * n) for n in range(3))
    plan = confirm(session, confirmed, chen)
    fresh.updated_at = NOW + timedelta(days=20)
    session.flush()

    removed = imports.remove_untouched_drafts(session, now=NOW + timedelta(days=30, seconds=1))

    assert removed == 1
    assert session.get(ImportDraft, old.id) is None
    assert [one.id for one in imports.list_drafts(session, chen)] == [fresh.id]
    last = trail_of_imports(session)[-1]
    assert (last.act, last.subject_id, last.actor_id, last.entrance) == (Change.DISCARDED, old.id, None, "job")
    assert confirm(session, confirmed, chen).id == plan.id


# Deciding


def test_a_decision_is_kept_and_what_was_read_stays_beside_it(session, usual, chen):
    draft = start(session, usual)

    change(session, draft, "m1", chen, lead=("市教育局",), title="一网通办")
    session.commit()
    session.expire_all()
    found = row(session, draft, "m1")

    assert found.row.entry.lead == ("市教育局",)
    assert found.row.proposal.lead == ("市发改委",)
    assert found.row.is_decided("title") and not found.row.is_decided("partners")


def test_saving_nothing_new_leaves_the_version_alone(session, usual, chen):
    draft = start(session, usual)
    version = draft.version

    change(session, draft, "m1", chen)

    assert draft.version == version


def test_a_stale_version_is_refused_and_the_other_decision_stays(session, usual, chen):
    draft = start(session, usual)
    version = draft.version
    entry = row(session, draft, "m1").row.entry
    change(session, draft, "m1", chen, lead=("市教育局",))

    with pytest.raises(Stale):
        imports.save_decisions(
            session,
            draft.id,
            Decisions(entries={"m1": replace(entry, lead=("市财政局",))}),
            version=version,
            actor=chen,
            now=NOW,
        )
    with pytest.raises(Stale):
        imports.confirm_import(
            session, draft.id, version=version, leads_are_checked=True, actor=chen, now=NOW, entrance="test"
        )

    assert row(session, draft, "m1").row.entry.lead == ("市教育局",)


def test_saving_and_confirming_need_a_supervisor_of_the_body(session, usual):
    draft = start(session, usual)

    with pytest.raises(NotFound):
        change(session, draft, "m1", usual.actor("gao"), title="别人的")
    with pytest.raises(NotFound):
        confirm(session, draft, usual.actor("sun"))
    with pytest.raises(NotFound):
        imports.discard_draft(session, draft.id, actor=usual.actor("li"), now=NOW, entrance="test")
