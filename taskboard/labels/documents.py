"""What people read when a file cannot be imported, or was imported with something to know about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCUMENT_PROBLEMS: Mapping[str, str] = {
    "empty": "文件是空的，没有可以读取的内容。请确认选对了文件，或直接粘贴正文。",
    "no_text": "文件里没有文字，可能是扫描件或图片。请上传可以复制文字的版本，或直接粘贴正文。",
    "no_plan": "只读到 {characters} 个字，没有像举措的内容。请确认选对了文件；内容不全时，请粘贴完整的计划正文。",
    "too_large": "文件太大（{size}，上限 {limit}）。请删去图片和附件后再上传，或直接粘贴正文。",
    "too_long": "文件内容太长（{characters} 字，上限 {limit} 字）。请只保留计划正文，或分成几个文件上传。",
    "too_many_pages": "文件有 {pages} 页，超过上限（{limit} 页）。请只保留计划正文，或分成几个文件上传。",
    "scanned": "文件共 {pages} 页，都是扫描件或图片，没有可以复制的文字。请上传可以复制文字的版本，或直接粘贴正文；"
    "如要自动识别，请管理员安装文字识别组件 taskboard[ocr]。",
    "no_recognition": "这台服务器没有安装文字识别组件，不能识别扫描件和图片。请管理员安装 taskboard[ocr]，"
    "或上传可以复制文字的版本，或直接粘贴正文。",
    "binary": "这不是文字文件，无法读取。请上传 Word、PDF、Excel（.xlsx）、网页或文本文件，或直接粘贴正文。",
    "encoding": "无法识别文件的文字编码，打开后会是乱码。请用记事本另存为“UTF-8”编码后再上传，或直接粘贴正文。",
    "encrypted": "文件设有密码，无法读取。请去掉密码后再上传。",
    "zip_bomb": "文件解压后异常庞大，为安全起见没有读取。请用 Word、WPS 或 Excel 打开后另存一份再上传。",
    "unsafe": "文件里带有引用外部内容的声明，为安全起见没有读取。请用 Word、WPS 或 Excel 打开后另存一份再上传。",
    "unsupported": "暂不支持这种格式（{format}）。{advice}",
    "broken": "文件已损坏或不完整，无法打开。请用 Word、WPS 或 Excel 修复并另存一份，或重新下载后再上传。",
    "too_complex": "文件结构过于复杂，读取时超出了内存限制。请只保留计划正文或表格后再上传，或直接粘贴正文。",
    "too_slow": "读取文件超过 {seconds} 秒，已停止。请只保留计划正文或表格后再上传，或直接粘贴正文。",
    "crashed": "读取文件时发生意外，已停止，没有保存任何内容。请另存一份再上传，或直接粘贴正文；仍不行请联系管理员。",
    "busy": "正在读取的文件较多，请稍后再试。",
}
"""problem of a document → what happened and what to do about it"""

TABLE_PROBLEMS: Mapping[str, str] = {
    "empty": "文件是空的，没有可以读取的内容。请确认选对了文件。",
    "no_text": "表格里没有文字。请确认选对了文件。",
    "too_large": "文件太大（{size}，上限 {limit}）。请删去图片，或分成几个文件，依次上传。",
    "too_long": "表格内容太多（{characters} 字，上限 {limit} 字）。请分成几个文件，依次上传。",
    "scanned": "文件里是扫描件或图片，没有可以读取的表格。请上传 .xlsx 或 .csv 文件。",
    "binary": "这不是表格，无法读取。请上传 .xlsx 或 .csv 文件。",
    "encoding": "无法识别文件的文字编码，打开后会是乱码。请用 Excel 或 WPS 另存为 .xlsx 后再上传。",
    "unsupported": "暂不支持这种格式（{format}）。请用 Excel 或 WPS 另存为 .xlsx 后再上传。",
    "too_complex": "文件结构过于复杂，读取时超出了内存限制。请只保留要导入的表格后再上传。",
    "too_slow": "读取文件超过 {seconds} 秒，已停止。请只保留要导入的表格，或分成几个文件，依次上传。",
    "crashed": "读取文件时发生意外，已停止，没有保存任何内容。请另存一份再上传；仍不行请联系管理员。",
}
"""the same for a table that is sent (ledger, directory), where there is no box to paste into; others as above"""

FORMATS: Mapping[str, tuple[str, str]] = {
    "doc": ("Word 95 或更早的文件", "请用 Word 或 WPS 打开后另存为 .docx 再上传。"),
    "xls": ("旧版 Excel 或 WPS 表格，.xls/.et", "请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。"),
    "xlsb": ("二进制 Excel，.xlsb", "请用 Excel 打开后另存为 .xlsx 再上传。"),
    "ppt": ("演示文稿，.ppt", "请把其中的计划正文复制后粘贴。"),
    "pptx": ("演示文稿，.pptx", "请把其中的计划正文复制后粘贴。"),
    "odt": ("OpenDocument 文字，.odt", "请另存为 .docx 再上传。"),
    "ods": ("OpenDocument 表格，.ods", "请另存为 .xlsx 再上传。"),
    "opendocument": ("OpenDocument", "请另存为 .docx 或 .xlsx 再上传。"),
    "rtf": ("RTF", "请用 Word 或 WPS 打开后另存为 .docx 再上传。"),
    "word_xml": ("Word 2003 XML", "请用 Word 或 WPS 打开后另存为 .docx 再上传。"),
    "ole": ("旧版 Office 文件", "请用 Word、Excel 或 WPS 打开后另存为 .docx 或 .xlsx 再上传。"),
    "image": ("图片", "请上传可以复制文字的版本，或直接粘贴正文。"),
    "archive": ("压缩包", "请先解压，再上传其中的计划文件。"),
    "program": ("程序", "请上传计划文件。"),
}
"""format that is recognised but not read → its name, and what to do instead"""

DOCUMENT_NOTES: Mapping[str, str] = {
    "encoding_guessed": "文件没有注明文字编码，已按最通顺的读法打开，请核对有无乱码。",
    "characters_damaged": "有个别字符已损坏，以“�”显示，请对照原文件。",
    "tracked_changes": "文件带有修订记录，已按接受全部修订后的内容读取。",
    "hidden_text": "文件里有隐藏文字，没有读取。",
    "footnotes": "脚注和尾注没有读取。",
    "contents_list": "目录没有读取。",
    "pictures": "文件里有图片，图片中的文字没有读取。",
    "hidden_sheets": "隐藏的工作表没有读取。",
    "hidden_rows": "表格中有隐藏的行或列，已一并读取。",
    "scanned_pages": "有的页面是扫描图片，没有读取，请对照原文件补上。",
    "damaged_pages": "有的页面已损坏，没有读取，请对照原文件补上。",
    "recognised": "文字由图片识别而来，可能有错字，请对照原文件核对。",
    "numbers_restored": "识别时丢失的序号已按前后顺序补上，请核对。",
    "converted": "文件是旧格式，已由 LibreOffice 转换后读取，请对照原文件核对。",
    "formulas": "有的单元格只有公式、没有保存计算结果，没有读取。请用 Excel 或 WPS 打开并保存一次再上传。",
}
"""note on a reading → what to know about it"""


def describe_document_problem(problem: str, facts: Mapping[str, Any]) -> str:
    """The sentence for a document's problem with its figures; facts that a sentence does not need are passed over."""
    return _described(DOCUMENT_PROBLEMS[problem], problem, facts)


def describe_table_problem(problem: str, facts: Mapping[str, Any]) -> str:
    """The same for a table."""
    return _described(TABLE_PROBLEMS.get(problem, DOCUMENT_PROBLEMS[problem]), problem, facts)


def _described(words: str, problem: str, facts: Mapping[str, Any]) -> str:
    shown = {name: _figure(value) for name, value in facts.items()}
    if problem == "unsupported":
        name, advice = FORMATS[str(facts["format"])]
        shown |= {"format": name, "advice": advice}
    if problem == "too_large":
        shown |= {name: _megabytes(int(facts[name])) for name in ("size", "limit")}
    return words.format(**shown)


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _megabytes(size: int) -> str:
    """Bytes in millions, as file managers show them."""
    return f"{size / 1_000_000:.1f} MB".replace(".0 ", " ")
