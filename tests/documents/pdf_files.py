"""PDF files built on the spot: texts and lines at places, as a printer would get them.

Places are in points from the page's top left corner, like in the readers; every character is as wide as its size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

A4 = (595, 842)
SONG = (
    b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font"
    b"/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[0 -200 1000 900]/ItalicAngle 0"
    b"/Ascent 880/Descent -120/CapHeight 700/StemV 80>>>>]>>"
)
PIXEL = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>\n"
    b"stream\n\x80\nendstream"
)


def make_pdf(*pages: str, size: tuple[int, int] = A4, page_more: str = "") -> bytes:
    """A file of pages with these contents (of ``text``, ``line`` and so on)."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects: list[bytes] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        SONG,
        PIXEL,
    ]
    for number, content in enumerate(pages):
        objects += [
            (
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]} {size[1]}]/Contents {6 + 2 * number} 0 R{page_more}"
                "/Resources<</Font<</F 3 0 R>>/XObject<</P 4 0 R>>>>>>"
            ).encode(),
            stream(content.encode()),
        ]
    return join_objects(objects)


def join_objects(objects: Sequence[bytes], *, trailer: str = "") -> bytes:
    """A file of these objects, numbered from 1; the first one is its catalogue."""
    result = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(result))
        result += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(result)
    result += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    result += b"".join(b"%010d 00000 n \n" % place for place in places)
    more = trailer.encode()
    result += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, more, table)
    return bytes(result)


def stream(content: bytes, *, more: bytes = b"") -> bytes:
    packed = zlib.compress(content)
    return b"<</Length %d/Filter/FlateDecode%s>>\nstream\n%s\nendstream" % (len(packed), more, packed)


def text(words: str, x: float, y: float, *, size: float = 12, height: int = A4[1], matrix: str = "") -> str:
    """Words on the base line ``y``; ``matrix`` (its first four numbers) turns them."""
    turned = matrix or "1 0 0 1"
    coded = words.encode("utf-16-be").hex()
    return f"BT /F {size} Tf {turned} {x} {height - y} Tm <{coded}> Tj ET\n"


def column(lines: Iterable[str], *, x: float = 72, y: float = 100, size: float = 12, leading: float = 20) -> str:
    """Lines below each other; ideographic spaces at their beginning move them in."""
    return "".join(
        text(line.lstrip("　"), x + size * (len(line) - len(line.lstrip("　"))), y + leading * number, size=size)
        for number, line in enumerate(lines)
        if line.strip("　")
    )


def line(x1: float, y1: float, x2: float, y2: float, *, height: int = A4[1]) -> str:
    return f"{x1} {height - y1} m {x2} {height - y2} l S\n"


def picture() -> str:
    """A picture over the whole page."""
    return f"q {A4[0]} 0 0 {A4[1]} 0 0 cm /P Do Q\n"


def grid(xs: Sequence[float], ys: Sequence[float], *, holes: Iterable[tuple[str, int, int]] = ()) -> str:
    """The lines of a table; a hole leaves out the right (``"|"``) or lower (``"_"``) side of the cell (row, column)."""
    left_out = set(holes)
    parts = [line(xs[0], ys[0], xs[-1], ys[0]), line(xs[0], ys[0], xs[0], ys[-1])]
    for row in range(len(ys) - 1):
        for place in range(len(xs) - 1):
            if ("_", row, place) not in left_out:
                parts.append(line(xs[place], ys[row + 1], xs[place + 1], ys[row + 1]))
            if ("|", row, place) not in left_out:
                parts.append(line(xs[place + 1], ys[row], xs[place + 1], ys[row + 1]))
    return "".join(parts)


def cells(xs: Sequence[float], ys: Sequence[float], rows: Sequence[Sequence[str]], *, size: float = 10) -> str:
    """Texts near the top left of their cells, one line for each of their own lines."""
    return "".join(
        text(words, xs[place] + 3, ys[row] + 12 + 14 * number, size=size)
        for row, texts in enumerate(rows)
        for place, content in enumerate(texts)
        for number, words in enumerate(content.split("\n"))
        if words
    )
