"""Plain text: which encoding the bytes have, and one paragraph for each line."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
    refuse_too_long,
)
from taskboard.domain.plan_parsing.blocks import Paragraph, Place

COMMON = frozenset(
    # what policy documents are made of, simplified …
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面方后多定行学法所民得经"
    "三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日社义事平形相"
    "全表间样与关各重新线内数正心反你明看原利比或但质气第向道命变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料"
    "象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先则"
    "任取据处队南给色光门即保治北造百规热领七海口东导压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花"
    "带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广记需段研界拉林律叫究观织低"
    "持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往市克何除消构府称太准精值号率族维划选标写存"
    "候毛亲快效斯院查江型按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严镇乡村街督责牵协配完限底季末县乡"
    "融财税审批监督察环境卫健康疗医保障民宗侨旅游体育档案营商优服务便企惠助扶贫困振兴绿低碳污染防攻坚预算奖惩考核评估导推落抓促扩"
    # … and as traditional script writes them
    "這個國時來們對會發動說產種過後學經進電當點從業開還應與關數質氣變條沒結問無係軍題黨員總設長資邊級圖統則計別幾區強決幹戰術極"
    "東導壓濟階聯認權證轉單風帶場車務萬達積議聲報類離華確張馬節話況傳許廣記線組農論運據處隊給門領聞樣實體為兩義間將較見與劃標寫"
    "親選層專狀識適屬圓滿調參細聽該鐵價嚴責牽協辦鎮鄉縣稅審監環衛醫養遊檔優惠貧優綠汙預獎懲評計畫規範機關單位負擔執構築擴創興"
)
"""characters that a page of a plan is full of; a page decoded wrongly has hardly any of them"""

PLAUSIBLE_SHARE = 0.25
"""of the Chinese characters that a right decoding finds among the common ones; wrong ones stay below a tenth"""

SAMPLE_CHARACTERS = 200_000
MAX_DAMAGED_SHARE = 0.01
MAX_CONTROL_SHARE = 0.002
CONTROLS_FORGIVEN = 3

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LEGACY_ENCODINGS = ("gb18030", "big5hkscs")
UTF16_UNMARKED = ("utf-16-le", "utf-16-be")

LINE_END = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
INVISIBLE = re.compile(r"[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
REPLACEMENT = "\ufffd"

RADICALS: Mapping[int, str] = {
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)},
    **dict(
        zip(
            map(
                ord,
                "⺁⺂⺃⺄⺅⺆⺈⺉⺊⺋⺌⺍⺎⺏⺐⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺫⺬⺭⺯⺰⺱⺲⺳⺴⺶⺹⺺"
                "⺻⺼⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲"
                "⻳",
            ),
            "厂乛乚乙亻冂刀刂卜㔾小小兀尣尢巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王目示礻糹纟罓罒㓁冗羊耂肀"
            "聿肉艹艹艹虎衤覀西见角讠贝车辶辶辶邑钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀"
            "龟",
            strict=True,
        )
    ),
}
"""radicals that look like characters (⼀ for 一, ⻔ for 门): some programs fill the text of PDF files with them

The supplement's have no decomposition; theirs are Unicode's EquivalentUnifiedIdeograph in the basic plane.
"""

ODD = re.compile(f"{CONTROL.pattern}|{INVISIBLE.pattern}|[\u2e80-\u2fdf]")
"""what few lines have: one look spares the others three"""


@dataclass(frozen=True)
class Decoded:
    text: str
    encoding: str
    notes: tuple[DocumentNote, ...] = ()


def read_text_file(data: bytes) -> Document:
    """The lines of a text file. Raises ``DocumentError``: binary, encoding or too_long."""
    decoded = decode(data)
    return _document(decoded.text, encoding=decoded.encoding, notes=decoded.notes)


def read_text(text: str) -> Document:
    """The lines of a text that somebody typed or pasted. Raises ``DocumentError``: empty, binary or too_long."""
    document = _document(text, encoding=None, notes=())
    if not document.blocks:
        raise DocumentError(DocumentProblem.EMPTY)
    return document


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """The text of these bytes: by mark, as UTF-8, as ``declared``, else the Chinese encoding that reads best.

    Bytes that are damaged here and there are replaced by � and noted. Raises ``DocumentError``: binary when they
    are no text at all, encoding when no encoding gives Chinese.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_marked(data, encoding)
    if b"\x00" in data:
        return _decode_unmarked_utf16(data)
    text = _strictly(data, "utf-8")
    if text is not None and not _is_utf8_by_accident(text, data):
        return Decoded(text, "utf-8")
    text = _strictly(data, declared) if declared else None
    if declared and text is not None:
        return Decoded(text, declared)
    return _decode_by_reading(data)


def clean_line(line: str) -> str:
    """The line without what no reader can see: controls, zero-width marks, radicals in place of characters, white
    space at its end."""
    if ODD.search(line):
        line = INVISIBLE.sub("", CONTROL.sub("", line)).translate(RADICALS)
    return line.rstrip()


def split_paragraph(
    text: str, *, place: Place, label: str = "", heading_level: int | None = None
) -> Iterator[Paragraph]:
    """One paragraph for each line: a break inside a paragraph is how people who paste from the web start a new one."""
    for part in filter(str.strip, map(clean_line, text.split("\n"))):
        yield Paragraph(part, label=label, heading_level=heading_level, place=place)
        label = ""


def _document(text: str, *, encoding: str | None, notes: tuple[DocumentNote, ...]) -> Document:
    _refuse_binary(text[:SAMPLE_CHARACTERS])
    refuse_too_long(len(text))
    _refuse_binary(text)
    lines = enumerate(map(clean_line, LINE_END.split(text)), start=1)
    blocks = tuple(Paragraph(line, place=Place(paragraph=number)) for number, line in lines if line.strip())
    return Document(blocks, DocumentKind.TEXT, encoding=encoding, notes=notes)


def _refuse_binary(text: str) -> None:
    # The mark of an old DOS text's end is no sign of a program.
    controls = len(CONTROL.findall(text.rstrip("\x1a")))
    if "\x00" in text or controls > max(CONTROLS_FORGIVEN, MAX_CONTROL_SHARE * len(text)):
        raise DocumentError(DocumentProblem.BINARY)


def _decode_marked(data: bytes, encoding: str) -> Decoded:
    text = _strictly(data, encoding)
    return Decoded(text, encoding) if text is not None else _decode_damaged(data, (encoding,))


def _decode_unmarked_utf16(data: bytes) -> Decoded:
    candidates = [(text, encoding) for encoding in UTF16_UNMARKED if (text := _strictly(data, encoding)) is not None]
    best = max(candidates, key=lambda candidate: _common_share(candidate[0]), default=None)
    if best is None or "\x00" in best[0] or _common_share(best[0]) < PLAUSIBLE_SHARE:
        raise DocumentError(DocumentProblem.BINARY)
    return Decoded(*best, notes=(DocumentNote.ENCODING_GUESSED,))


def _is_utf8_by_accident(text: str, data: bytes) -> bool:
    # A few GB18030 words (the best known is 联通) are valid UTF-8, of letters that no Chinese text holds.
    if any(character >= "\u0800" for character in text) or text.isascii():
        return False
    legacy = _strictly(data, "gb18030")
    return legacy is not None and _common_share(legacy) >= PLAUSIBLE_SHARE


def _decode_by_reading(data: bytes) -> Decoded:
    """GB18030 or Big5: the one under which more of the characters are common ones."""
    candidates = [(text, encoding) for encoding in LEGACY_ENCODINGS if (text := _strictly(data, encoding)) is not None]
    best = max(candidates, key=lambda candidate: _common_share(candidate[0]), default=None)
    if best is None or _common_share(best[0]) < PLAUSIBLE_SHARE:
        return _decode_damaged(data, ("utf-8", *LEGACY_ENCODINGS))
    return Decoded(*best, notes=(DocumentNote.ENCODING_GUESSED,))


def _decode_damaged(data: bytes, encodings: tuple[str, ...]) -> Decoded:
    candidates = [(data.decode(encoding, errors="replace"), encoding) for encoding in encodings]
    text, encoding = max(candidates, key=lambda candidate: _common_share(candidate[0]))
    if _common_share(text) < PLAUSIBLE_SHARE or text.count(REPLACEMENT) > max(1, MAX_DAMAGED_SHARE * len(text)):
        _refuse_binary(data.decode("latin-1").translate(_C1_IS_TEXT))
        raise DocumentError(DocumentProblem.ENCODING)
    return Decoded(text, encoding, notes=(DocumentNote.CHARACTERS_DAMAGED,))


_C1_IS_TEXT = dict.fromkeys(range(0x80, 0xA0), " ")


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _common_share(text: str) -> float:
    """Of the characters beyond ASCII and punctuation, the share that is common in Chinese documents."""
    sample = text[:SAMPLE_CHARACTERS]
    letters = [
        character for character in sample if character > "\x7f" and unicodedata.category(character)[0] not in "PZ"
    ]
    if not letters:
        return 0.0
    return sum(character in COMMON for character in letters) / len(letters)
