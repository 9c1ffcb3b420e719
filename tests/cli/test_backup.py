"""Backups: made while people work, read back, put back; what was there is kept, and mail waits for a person."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine, select, text, update
from sqlalchemy.orm import Session

from taskboard.cli import main
from taskboard.models import Attachment, MailGate, Person, SchedulerLease, Task
from taskboard.services import backups, restoring
from taskboard.services.backups import BackupFailed, make_backup, verify_backup
from taskboard.services.jobs import acquire_lease
from taskboard.services.restoring import restore_backup
from tests.support.factories import NOW, make_plan, make_task, usual_people

if TYPE_CHECKING:
    from tests.support import databases

FILE_ID = "0123456789abcdef" * 2
SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL_ONLY = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def filled(
    request: pytest.FixtureRequest,
    session: Session,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Session:
    """An installation with people, a task and an attachment; PostgreSQL's own tools are on the path."""
    if database_url.startswith("postgresql"):
        server: databases.PostgresDatabase = request.getfixturevalue("postgres_database")
        monkeypatch.setenv("PATH", f"{server.tools}:/usr/bin:/bin")
        # Its own connection would be somebody who uses the database.
        server.close()
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead)
    attachment = Attachment(
        id=FILE_ID,
        task_id=session.scalars(select(Task.id)).one(),
        name="说明.txt",
        media_type="text/plain",
        size=6,
        sha256="0" * 64,
        uploaded_by_id=usual.chen.id,
        uploaded_at=NOW,
    )
    session.add(attachment)
    acquire_lease(session, holder="a", now=NOW)
    session.commit()
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments" / FILE_ID).write_bytes(b"before")
    (tmp_path / "trail-heads.tsv").write_text("heads before")
    return session


def run(command: str, *arguments: str, folder: Path, database_url: str) -> Result:
    environment = {
        "TASKBOARD_SECRET_KEY": "a key that only signs the cookies of tests",
        "TASKBOARD_INSTANCE": str(folder),
        "TASKBOARD_DATABASE_URL": database_url,
    }
    return CliRunner(env=environment).invoke(main, [command, *arguments])


def names(session: Session) -> set[str]:
    session.rollback()
    return set(session.scalars(select(Person.name)))


def test_what_was_backed_up_comes_back_and_mail_is_held(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str
) -> None:
    before, file = names(filled), tmp_path / "backup.tar.gz"
    made = run("backup", str(file), folder=tmp_path, database_url=database_url)
    assert made.exit_code == 0, made.output
    assert "附件 1 个" in made.output
    filled.execute(update(Person).values(name="改过的名字"))
    filled.execute(update(SchedulerLease).values(epoch=40))
    filled.commit()
    filled.close()
    engine.dispose()
    (tmp_path / "attachments" / FILE_ID).write_bytes(b"changed")
    (tmp_path / "trail-heads.tsv").write_text("heads changed")

    restored = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)

    assert restored.exit_code == 0, restored.output
    assert names(filled) == before
    assert (tmp_path / "attachments" / FILE_ID).read_bytes() == b"before"
    assert filled.scalars(select(MailGate.held_at)).one() is not None
    # Nobody from before the restore can be in charge any more.
    assert filled.scalars(select(SchedulerLease.epoch)).one() == 41
    assert (tmp_path / "trail-heads.tsv").read_text() == "heads before"
    kept = {path.name.partition(".before-restore-")[0]: path for path in tmp_path.glob("*.before-restore-*")}
    assert (kept["attachments"] / FILE_ID).read_bytes() == b"changed"
    assert kept["trail-heads.tsv"].read_text() == "heads changed"
    filled.close()
    engine.dispose()
    if "database" in kept:
        again = run("restore", str(kept["database"]), "--yes", folder=tmp_path, database_url=database_url)
        assert again.exit_code == 0, again.output
        assert (tmp_path / "attachments" / FILE_ID).read_bytes() == b"changed"
        assert (tmp_path / "trail-heads.tsv").read_text() == "heads changed"
    else:
        kept["taskboard.db"].replace(tmp_path / "taskboard.db")
    assert names(filled) == {"改过的名字"}


def test_a_backup_comes_back_where_there_is_no_database_yet(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str
) -> None:
    before, file, folder = names(filled), tmp_path / "backup.tar.gz", tmp_path / "new"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    if database_url.startswith("postgresql"):
        filled.execute(text("DROP SCHEMA public CASCADE"))
        filled.execute(text("CREATE SCHEMA public"))
        filled.commit()
    else:
        filled.close()
        (tmp_path / "taskboard.db").unlink()
    filled.close()
    engine.dispose()

    restored = run("restore", str(file), "--yes", folder=folder, database_url=database_url)

    assert restored.exit_code == 0, restored.output
    assert names(filled) == before
    assert (folder / "attachments" / FILE_ID).read_bytes() == b"before"
    assert [path.name for path in folder.iterdir() if "restore" in path.name] == []


@POSTGRESQL_ONLY
def test_a_restore_waits_for_who_is_just_leaving_and_refuses_who_stays(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, file = names(filled), tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "SECONDS_TO_LEAVE", 0.2)
        refused = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)
    assert (refused.exit_code, "还有程序在使用数据库" in refused.output) == (1, True)

    filled.close()
    leaving = threading.Timer(0.5, engine.dispose)
    leaving.start()
    restored = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)
    leaving.join()

    assert restored.exit_code == 0, restored.output
    assert names(filled) == before


def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    filled.execute(update(Person).values(name="改过的名字"))
    filled.commit()
    filled.close()
    engine.dispose()
    (tmp_path / "attachments" / FILE_ID).write_bytes(b"changed")
    really_move = shutil.move

    def move(source: Path, target: Path) -> None:
        """The trail's heads come last: then the disk is full."""
        if source.name == "trail-heads.tsv":
            raise OSError(errno.ENOSPC, "No space left on device")
        really_move(source, target)

    monkeypatch.setattr(shutil, "move", move)
    answer = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)

    assert (answer.exit_code, "磁盘已满" in answer.output) == (1, True)
    assert names(filled) == {"改过的名字"}
    assert (tmp_path / "attachments" / FILE_ID).read_bytes() == b"changed"
    assert (tmp_path / "trail-heads.tsv").read_text() == "heads before"
    left = [path.name for path in tmp_path.iterdir() if "restore" in path.name and not path.name.startswith("database")]
    assert left == []


@SQLITE_ONLY
def test_what_two_restores_in_one_second_kept_aside_stays(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "backup.tar.gz"
    assert run("backup", str(file), folder=tmp_path, database_url=database_url).exit_code == 0
    filled.close()
    engine.dispose()

    for moment in (NOW, NOW + timedelta(milliseconds=1)):
        restore_backup(file, database_url=database_url, instance_dir=tmp_path, now=moment)

    for kept in ("*.db.before-restore-*", "attachments.before-restore-*", "trail-heads.tsv.before-restore-*"):
        assert len(list(tmp_path.glob(kept))) == 2, kept


@SQLITE_ONLY
def test_a_database_on_another_disk_than_the_attachments_is_restored(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, file, folder = names(filled), tmp_path / "backup.tar.gz", tmp_path / "instance"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    filled.close()
    engine.dispose()
    folder.mkdir()
    really_rename = os.rename

    def rename(source: Path | str, target: Path | str) -> None:
        if folder in Path(source).parents and folder not in Path(target).parents:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        really_rename(source, target)

    monkeypatch.setattr(os, "rename", rename)
    restored = run("restore", str(file), "--yes", folder=folder, database_url=database_url)

    assert restored.exit_code == 0, restored.output
    assert names(filled) == before
    assert (folder / "attachments" / FILE_ID).read_bytes() == b"before"


def test_mail_is_held_even_where_the_restored_database_cannot_be_brought_to_this_version(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    filled.close()
    engine.dispose()

    def fail(_app: object) -> None:
        raise click.ClickException("cannot migrate")

    monkeypatch.setattr(import_module("taskboard.cli.backup"), "migrate_database", fail)
    answer = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)

    assert (answer.exit_code, "cannot migrate" in answer.output) == (1, True)
    held_at = filled.scalars(select(MailGate.held_at)).one()
    assert held_at is not None
    assert abs(datetime.now(UTC) - held_at) < timedelta(minutes=5)


@SQLITE_ONLY
def test_a_backup_in_a_folder_that_cannot_be_written_is_checked(
    filled: Session, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    really_make = tempfile.mkdtemp

    def make(suffix: str | None = None, prefix: str | None = None, dir: str | None = None) -> str:
        if dir is not None:
            raise OSError(errno.EROFS, "Read-only file system")
        return really_make(suffix, prefix)

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    answer = run("restore", str(file), "--check", folder=tmp_path, database_url=database_url)

    assert answer.exit_code == 0, answer.output


def test_a_backup_that_was_changed_is_refused_and_nothing_is_touched(
    filled: Session, engine: Engine, tmp_path: Path, database_url: str
) -> None:
    file, broken, forged = tmp_path / "backup.tar.gz", tmp_path / "broken.tar.gz", tmp_path / "forged"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    forged.write_bytes(b"forged")
    with tarfile.open(file) as old, tarfile.open(broken, "w:gz") as new:
        for member in old:
            if member.name.startswith("attachments/"):
                new.add(forged, member.name)
            else:
                new.addfile(member, old.extractfile(member))
    before = names(filled)
    filled.close()
    engine.dispose()

    checked = run("restore", str(broken), "--check", folder=tmp_path, database_url=database_url)
    with pytest.raises(BackupFailed, match="与清单不符"):
        restore_backup(broken, database_url=database_url, instance_dir=tmp_path, now=datetime.now(UTC))

    assert checked.exit_code == 1
    assert names(filled) == before
    assert [path for path in tmp_path.iterdir() if "restore" in path.name] == []


def test_a_database_with_other_rows_than_were_counted_is_refused(
    filled: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    really_copy = backups._copy_database

    def lose_a_person(url: URL, folder: Path) -> tuple[Path, dict[str, int], list[str]]:
        copy, rows, ids = really_copy(url, folder)
        return copy, {**rows, "user_account": rows["user_account"] + 1}, ids

    monkeypatch.setattr(backups, "_copy_database", lose_a_person)

    with pytest.raises(BackupFailed, match="行数与清单不符：user_account"):
        make_backup(tmp_path / "backup.tar.gz", database_url=database_url, instance_dir=tmp_path, now=NOW)
    assert not (tmp_path / "backup.tar.gz").exists()


@pytest.mark.parametrize(
    ("content", "words"), [(b"no archive", "不是 taskboard 的备份"), (None, "读不了：没有这个文件或文件夹")]
)
def test_a_file_that_is_no_backup_is_said_to_be_none(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "backup.tar.gz"
    if content is not None:
        file.write_bytes(content)

    answer = run("restore", str(file), "--check", folder=tmp_path, database_url=f"sqlite:///{tmp_path / 'x.db'}")

    assert answer.exit_code == 1
    assert words in answer.output


@POSTGRESQL_ONLY
def test_a_tool_of_another_version_is_said_to_be_one(
    filled: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    (tmp_path / "tools").mkdir()
    old = tmp_path / "tools" / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")

    answer = run("backup", str(tmp_path / "backup.tar.gz"), folder=tmp_path, database_url=database_url)

    assert answer.exit_code == 1
    assert "pg_dump 与数据库服务器（或写备份的工具）版本不同：请安装同版本" in answer.output


def test_nothing_is_restored_while_somebody_uses_the_database(
    filled: Session, tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    names(filled)

    answer = run("restore", str(file), "--yes", folder=tmp_path, database_url=database_url)

    assert answer.exit_code == 1
    assert "请先停止 taskboard" in answer.output


@SQLITE_ONLY
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_backup_that_was_cut_off_is_refused(filled: Session, tmp_path: Path, database_url: str, share: float) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(file, database_url=database_url, instance_dir=tmp_path, now=NOW)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(BackupFailed):
        verify_backup(file)


@SQLITE_ONLY
def test_a_file_that_is_there_is_not_overwritten(filled: Session, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_text("mine")

    answer = run("backup", str(file), folder=tmp_path, database_url=database_url)

    assert (answer.exit_code, file.read_text()) == (1, "mine")


@SQLITE_ONLY
def test_an_attachment_that_is_not_there_is_said_to_be_missing(
    filled: Session, tmp_path: Path, database_url: str
) -> None:
    (tmp_path / "attachments" / FILE_ID).unlink()

    answer = run("backup", str(tmp_path / "backup.tar.gz"), folder=tmp_path, database_url=database_url)

    assert answer.exit_code == 1
    assert FILE_ID in answer.output
