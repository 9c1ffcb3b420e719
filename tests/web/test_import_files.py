"""Everything that can be wrong with a file, and with what is sent beside it."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from tests.support.importing import TEXT, counts, draft_of, errors_of, upload, words_of


def archive(**members):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return packed.getvalue()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        ((b"", "空.txt"), 422, "空"),
        ((b" \n\t ", "空白.txt"), 422, "空"),
        ((bytes(range(256)) * 40, "计划.txt"), 422, "无法读取"),
        (("工作方案，责任单位".encode("utf-16-le")[1:] * 50, "乱码.txt"), 422, "。"),
        ((b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(100), "计划.pdf"), 422, "损坏"),
        ((b"PK\x03\x04" + bytes(100), "计划.docx"), 422, "损坏"),
        ((archive(mimetype="x", a="b"), "计划.zip"), 415, "解压"),
        ((archive(word__document__xml="x"), "计划.docx"), None, "。"),
        ((b"\x89PNG\r\n\x1a\n" + bytes(100), "扫描.png"), None, "图片"),
    ],
    ids=["empty", "blank", "binary", "mis-encoded", "pdf", "broken", "zip", "odd", "picture"],
)
def test_a_file_that_cannot_be_read_says_why_and_stores_nothing(chen, session, file, status, words):
    before = counts(session)

    answer = upload(chen, *file)

    assert answer.status_code in ({status} if status else {415, 422})
    assert words in errors_of(answer)
    assert counts(session) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_zip_bomb_is_refused_unopened(chen, session):
    answer = upload(
        chen, archive(**{"[Content_Types].xml": "<a/>", "word__document.xml": bytes(120_000_000)}), "炸弹.docx"
    )

    assert answer.status_code == 422
    assert "异常庞大" in errors_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_with_a_password_is_refused_with_what_to_do(chen, session):
    # An encrypted Office file is an OLE container with these two streams.
    content = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
    for start, stream in ((1024, "EncryptionInfo"), (1152, "EncryptedPackage")):
        content[start : start + 2 * len(stream)] = stream.encode("utf-16-le")

    answer = upload(chen, bytes(content), "加密.docx")

    assert answer.status_code in {415, 422}
    assert any(words in errors_of(answer) for words in ("密码", "另存", "损坏"))
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_chosen_is_said(chen, session):
    answer = chen.post("/imports/new", text="  ")

    assert answer.status_code == 422
    assert "请选择文件或粘贴正文" in errors_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pasted_text_comes_back_when_it_cannot_be_read(chen):
    answer = chen.post("/imports/new", text="督" * 2_000_001)

    assert answer.status_code == 422
    assert "太长" in errors_of(answer)
    assert "督督督" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_beyond_the_limit_is_refused_before_it_is_read(chen, session, settings):
    answer = chen.client.post(
        "/imports/new",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(settings.max_upload_bytes + 1)},
    )

    assert answer.status_code == 413
    assert "20 MB" in words_of(answer)
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("again", [{"plan": "999999"}, {"draft": "999999"}])
def test_importing_again_what_is_not_there_is_not_found(chen, again):
    assert chen.post("/imports/new", **again).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("again", [{"plan": "abc"}, {"draft": "-1"}])
def test_an_id_that_cannot_be_one_is_refused(chen, again):
    assert chen.post("/imports/new", **again).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_that_the_person_does_not_supervise_cannot_be_chosen(chen, session, usual):
    answer = chen.post("/imports/new", text=TEXT, body=str(usual.other.id))

    assert answer.status_code == 422
    assert counts(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_markup_in_a_document_is_shown_as_text(chen):
    address = draft_of(chen, TEXT.replace("高频事项", "<script>alert(1)</script>"))

    assert "<script>alert" not in chen.get(address).text
