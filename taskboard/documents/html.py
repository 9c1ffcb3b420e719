"""Web pages, saved from a browser or written by an office program: the document without the site around it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lxml import etree

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.grid import MAX_POSITIONS, build_table
from taskboard.documents.safe_xml import BEYOND_LIMITS
from taskboard.documents.text import CONTROL, clean_line, decode
from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place, Table

CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
CHARSET_WITHIN = 4_096
WIDER_CHARSET = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "big5": "big5hkscs"}
"""charset that pages name → the larger one that their characters really come from"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCKS = _words(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
NEVER_TEXT = _words(
    "applet area audio base button canvas datalist del embed head iframe img input link map meta noframes noscript "
    "object option param progress rp rt script select style svg template textarea video"
)
FRAME_TAGS = _words("nav footer aside")
FRAME_WORDS = _words(
    "nav navbar navigation menu breadcrumb breadcrumbs crumbs footer foot copyright share bdshare bshare qrcode "
    "sidebar friendlink friendlinks toolbar related recommend pagination"
)
"""words in an element's id or class that mark the site's frame"""
FRAME_MAX_SHARE = 0.3
"""an element with more of the page's text than this is no frame, whatever it is called"""
NAME_PARTS = re.compile(r"[\s_-]+")

CONTENT_NAMES = _words(
    "zoom trs_editor trs_ueditor ucap-content vsb_content v_news_content pages_content wp_articlecontent "
    "article-content article_content articlecontent arc_content news_content newscontent con_text content_main article"
)
"""ids and classes in which the common site systems of authorities keep a document's text"""
CONTENT_TAGS = ("div", "td", "article", "main", "section")
CONTENT_MIN_CHARACTERS = 200
CONTENT_MIN_SHARE = 0.3
DOCUMENT_FACTS = re.compile(r"(?:成文|发文|发布|印发|生成)(?:日期|时间)|发布机构|发文机关|发文字号|文\s*号|来源")
"""what the frame around a document tells about it: who wrote it, when"""
FACT_MAX_CHARACTERS = 120
LONGEST_TITLE = 300
SITE_NAME = re.compile(r"\s*(?:[_|｜]|\s[–—-]\s|-(?=\D*$)).*$", re.DOTALL)
"""what sites hang on a page's title: the column and their own name"""

HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
HEADING = re.compile(r"h([1-6])$")
NUMBERED_BY_HAND = re.compile(r"[\d０-９①-⑳⑴-⒇(（第一二三四五六七八九十]")

SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"
BREAK_INSIDE_CHINESE = re.compile(rf"(?<={WIDE})[ \t\f]*[\r\n][ \t\r\n\f]*(?={WIDE})")

MAX_SPAN = 1_000
MAX_ROWS = 65_534
"""the largest spans that browsers obey"""


def read_html(data: bytes, *, charset: str | None = None) -> Document:
    """The document in a web page; ``charset`` is what came with the page, and less than what it says itself.

    Raises ``DocumentError``: encoding, broken or too_complex.
    """
    declared = _declared_charset(data) or _known_charset(charset)
    decoded = decode(data, declared=declared)
    root = _parse(decoded.text)
    body = _body(root)
    _drop_unseen(body)
    content = _content(body)
    reader = _Reader()
    facts = _facts_before(root, body, content) if content is not body else []
    blocks = [*facts, *reader.read(content)]
    # Saved pages name their encoding, so a guess is only worth a word when it was one.
    notes = set(decoded.notes) - ({DocumentNote.ENCODING_GUESSED} if declared else set())
    return Document(tuple(blocks), DocumentKind.HTML, encoding=decoded.encoding, notes=tuple(sorted(notes)))


def read_mhtml(data: bytes) -> Document:
    """The page in a single-file web page, as browsers and Word save it. Raises as ``read_html``, and broken."""
    import email  # noqa: PLC0415 - a tenth of a reading's start, for the rarest of formats

    for part in email.message_from_bytes(data).walk():
        content = part.get_payload(decode=True) if part.get_content_type() == "text/html" else None
        if isinstance(content, bytes) and content.strip():
            document = read_html(content, charset=part.get_content_charset())
            return replace(document, kind=DocumentKind.MHTML)
    raise DocumentError(DocumentProblem.BROKEN)


def _declared_charset(data: bytes) -> str | None:
    match = CHARSET.search(data[:CHARSET_WITHIN])
    return _known_charset(match[1].decode("ascii")) if match is not None else None


def _known_charset(name: str | None) -> str | None:
    if not name:
        return None
    try:
        return codecs.lookup(WIDER_CHARSET.get(name.lower(), name)).name
    except LookupError:
        return None


def _parse(text: str) -> etree._Element:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(CONTROL.sub("", text).encode("utf-8", errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(DocumentProblem.BROKEN) from error
    # Beyond its limits the parser stops quietly in the middle, which must not pass for a short document.
    if root is None or any(entry.type in BEYOND_LIMITS for entry in parser.error_log):
        raise DocumentError(DocumentProblem.TOO_COMPLEX if root is not None else DocumentProblem.BROKEN)
    return root


def _body(root: etree._Element) -> etree._Element:
    body = root.find("body")
    return body if body is not None else root


# What of the page is the document


def _drop_unseen(body: etree._Element) -> None:
    lengths = _lengths(body)
    most = FRAME_MAX_SHARE * lengths[body]
    for element, length in lengths.items():
        if element is body:
            continue
        if element.tag in NEVER_TEXT or _is_hidden(element) or (_is_frame(element) and length <= most):
            _remove(element)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    # The text after an element hangs on it in this tree, and is not part of what goes.
    before = element.getprevious()
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _is_hidden(element: etree._Element) -> bool:
    return element.get("hidden") is not None or HIDDEN_STYLE.search(element.get("style", "")) is not None


def _is_frame(element: etree._Element) -> bool:
    if element.tag in FRAME_TAGS:
        return True
    names = f"{element.get('id', '')} {element.get('class', '')}".lower()
    return not FRAME_WORDS.isdisjoint(NAME_PARTS.split(names))


def _content(body: etree._Element) -> etree._Element:
    """The element that holds the document: a well-known one with most of the text, else the whole page."""
    lengths = _lengths(body)
    least = max(CONTENT_MIN_CHARACTERS, CONTENT_MIN_SHARE * lengths[body])
    candidates = (element for element in body.iter(*CONTENT_TAGS) if _names_content(element))
    return max((element for element in candidates if lengths[element] >= least), key=lengths.__getitem__, default=body)


def _names_content(element: etree._Element) -> bool:
    names = {element.get("id", "").lower(), *element.get("class", "").lower().split()}
    return element.tag in {"article", "main"} or not names.isdisjoint(CONTENT_NAMES)


def _facts_before(root: etree._Element, body: etree._Element, content: etree._Element) -> list[Block]:
    """Headings, and short lines that say where the document comes from, out of the page above its text."""
    kept: list[Paragraph] = []
    said = _squeeze(_all_text(content))
    for block in _Reader(until=content).read(body):
        if isinstance(block, Table):
            lines = ("\t".join(cell.text for cell in dict.fromkeys(row)) for row in block.rows)
            found = [Paragraph(line, place=block.place) for line in lines]
        else:
            found = [block]
        kept += [line for line in found if _is_fact(line) and _squeeze(line.text) not in said]
    title = _page_title(root)
    if title and _squeeze(title) not in said and not any(line.heading_level for line in kept):
        kept.insert(0, Paragraph(title, heading_level=1))
    return list(kept)


def _page_title(root: etree._Element) -> str:
    title = (root.findtext("head/title") or "")[:LONGEST_TITLE]
    return _tidy(SITE_NAME.sub("", _collapse(title)))


def _is_fact(line: Paragraph) -> bool:
    is_short = len(line.text) <= FACT_MAX_CHARACTERS
    return is_short and (line.heading_level is not None or DOCUMENT_FACTS.search(line.text) is not None)


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _all_text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def _lengths(root: etree._Element) -> dict[etree._Element, int]:
    """Every element → the characters of its text, counted once for the whole page however deep it nests."""
    elements = list(root.iter(etree.Element))
    lengths: dict[etree._Element, int] = {}
    for element in reversed(elements):
        inner = sum(lengths[child] + _visible(child.tail) for child in element if child in lengths)
        lengths[element] = _visible(element.text) + inner
    return lengths


def _visible(text: str | None) -> int:
    return len(text.strip()) if text else 0


# From elements to blocks


@dataclass
class _Line:
    """The line that is being gathered."""

    text: str = ""
    label: str = ""
    heading_level: int | None = None


class _Reader:
    """Walks the page in reading order; with ``until``, stops where that element begins."""

    def __init__(self, *, until: etree._Element | None = None) -> None:
        self._until = until
        self._stopped = False
        self._line = _Line()
        self._position = 0
        self._items: dict[etree._Element, int] = {}

    def read(self, element: etree._Element) -> Iterator[Block]:
        yield from self._walk(element)
        yield from self._end_line()

    def _walk(self, element: etree._Element) -> Iterator[Block]:
        if element is self._until:
            self._stopped = True
        if self._stopped:
            return
        tag = str(element.tag)
        if tag == "br":
            yield from self._end_line()
        elif tag == "table" and not _is_layout(element):
            yield from self._end_line()
            yield from self._table(element)
        else:
            yield from self._container(element, tag)

    def _container(self, element: etree._Element, tag: str) -> Iterator[Block]:
        is_block = tag in BLOCKS
        if is_block:
            yield from self._end_line()
            self._announce(element, tag)
        self._add(element.text, keep=tag == "pre")
        for child in element:
            yield from self._walk(child)
            if self._stopped:
                return
            self._add(child.tail, keep=tag == "pre")
        if is_block:
            yield from self._end_line()
            self._line = _Line()

    def _announce(self, element: etree._Element, tag: str) -> None:
        """What this element says of the next line; inside it, an element that says nothing leaves that standing."""
        if heading := HEADING.match(tag):
            self._line.heading_level = int(heading[1])
        if tag == "li":
            self._line.label = self._list_label(element)

    def _add(self, text: str | None, *, keep: bool = False) -> None:
        if text:
            self._line.text += text if keep else _collapse(text)

    def _end_line(self) -> Iterator[Block]:
        gathered, self._line = self._line, _Line()
        if not gathered.text.strip():
            # A heading or list number may still wait for the text that an inner block brings.
            self._line.label, self._line.heading_level = gathered.label, gathered.heading_level
            return
        for line in filter(str.strip, map(_tidy, gathered.text.split("\n"))):
            self._position += 1
            label = "" if NUMBERED_BY_HAND.match(line) else gathered.label
            place = Place(paragraph=self._position)
            yield Paragraph(line, label=label, heading_level=gathered.heading_level, place=place)
            gathered.label = ""

    def _table(self, element: etree._Element) -> Iterator[Block]:
        self._position += 1
        table = build_table(_cells(element), place=Place(paragraph=self._position), caption=_caption(element))
        if any(cell.text for row in table.rows for cell in row):
            yield table

    def _list_label(self, item: etree._Element) -> str:
        """The number that a browser shows before an item of a numbered list."""
        parent = item.getparent()
        if parent is None or parent.tag != "ol" or "list-style" in parent.get("style", ""):
            return ""
        number = self._items.get(parent, _whole(parent.get("start")) - 1) + 1
        self._items[parent] = number
        return f"{number}."


def _is_layout(table: etree._Element) -> bool:
    """Whether the table only arranges the page: it holds tables, or has a single cell."""
    if next(table.iterdescendants("table"), None) is not None:
        return True
    rows = list(_rows(table))
    return all(len(_row_cells(row)) <= 1 for row in rows) and len(rows) <= 1


def _caption(table: etree._Element) -> str:
    caption = table.find("caption")
    return _text(caption) if caption is not None else ""


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    yield from table.iterdescendants("tr")


def _row_cells(row: etree._Element) -> list[etree._Element]:
    return [child for child in row if child.tag in {"td", "th"}]


def _cells(table: etree._Element) -> list[Cell]:
    rows = list(_rows(table))
    cells: list[Cell] = []
    filled: set[tuple[int, int]] = set()
    for y, row in enumerate(rows):
        x = 0
        for element in _row_cells(row):
            while (y, x) in filled:
                x += 1
            width = min(_whole(element.get("colspan")), MAX_SPAN)
            height = _height(element, remaining=len(rows) - y)
            if len(filled) + height * width > MAX_POSITIONS:
                raise DocumentError(DocumentProblem.TOO_COMPLEX)
            filled.update((down, across) for down in range(y, y + height) for across in range(x, x + width))
            cells.append(Cell(_text(element), row=y, column=x, row_span=height, column_span=width))
            x += width
    return cells


def _height(cell: etree._Element, *, remaining: int) -> int:
    # A span of 0 means "to the end of the table"; one that reaches beyond it is cut.
    wanted = MAX_ROWS if cell.get("rowspan", "").strip() == "0" else _whole(cell.get("rowspan"))
    return min(wanted, remaining)


def _whole(value: str | None) -> int:
    try:
        return max(1, int(value or "1"))
    except ValueError:
        return 1


def _text(element: etree._Element) -> str:
    """The lines of a cell."""
    blocks: Iterable[Block] = _Reader().read(element)
    return "\n".join(block.label + block.text for block in blocks if isinstance(block, Paragraph))


def _collapse(text: str) -> str:
    # Editors wrap lines in the source; between Chinese characters the wrap is no space.
    return SPACE.sub(" ", BREAK_INSIDE_CHINESE.sub("", text))


def _tidy(line: str) -> str:
    return clean_line(line.lstrip(" "))
