"""pdfium's answers to what is asked once for every character and every drawn object of a page."""

from __future__ import annotations

import ctypes
import math
from ctypes import c_double, c_int, c_void_p
from typing import Any

import pypdfium2.raw as pdfium

Point = tuple[float, float]

USUAL_SIZE = 10.0
"""points, for text that names no size"""


def _plain(function: Any, result: Any, *arguments: Any) -> Any:
    """The function with pointers as plain addresses: to make objects of them takes longer than pdfium's answers."""
    return ctypes.CFUNCTYPE(result, *arguments)(address_of(function))


def address_of(handle: Any) -> int:
    """Where a handle or a function of pypdfium2 points to."""
    return ctypes.cast(handle, c_void_p).value or 0


object_on_page = _plain(pdfium.FPDFPage_GetObject, c_void_p, c_void_p, c_int)
object_in_form = _plain(pdfium.FPDFFormObj_GetObject, c_void_p, c_void_p, c_int)
kind_of_object = _plain(pdfium.FPDFPageObj_GetType, c_int, c_void_p)

_origin_of = _plain(pdfium.FPDFText_GetCharOrigin, c_int, c_void_p, c_int, c_void_p, c_void_p)
_size_of = _plain(pdfium.FPDFText_GetFontSize, c_double, c_void_p, c_int)
_matrix_of = _plain(pdfium.FPDFText_GetMatrix, c_int, c_void_p, c_int, c_void_p)
_loose_box_of = _plain(pdfium.FPDFText_GetLooseCharBox, c_int, c_void_p, c_int, c_void_p)


def object_at(address: int) -> Any:
    """The handle of a drawn object, for pdfium's own functions."""
    return ctypes.cast(address, pdfium.FPDF_PAGEOBJECT)


class Measures:
    """The measures of a page's characters, with one set of places for pdfium's answers."""

    def __init__(self, handle: Any) -> None:
        self._text = address_of(handle)
        self._x, self._y = c_double(), c_double()
        self._matrix, self._box = pdfium.FS_MATRIX(), pdfium.FS_RECTF()
        self._to_x, self._to_y, self._to_matrix, self._to_box = map(
            ctypes.addressof, (self._x, self._y, self._matrix, self._box)
        )

    def place(self, index: int) -> Point:
        """Where a character begins, on its base line."""
        _origin_of(self._text, index, self._to_x, self._to_y)
        return self._x.value, self._y.value

    def look(self, index: int) -> tuple[float, float]:
        """Size and direction of a character as shown."""
        size = _size_of(self._text, index) or USUAL_SIZE
        if not _matrix_of(self._text, index, self._to_matrix):
            return size, 0.0
        matrix = self._matrix
        return size * (math.hypot(matrix.c, matrix.d) or 1.0), math.atan2(matrix.b, matrix.a)

    def end(self, index: int, angle: float) -> Point:
        """The right end of a character."""
        box = self._box
        _loose_box_of(self._text, index, self._to_box)
        if angle == 0.0:
            return box.right, box.bottom
        corners = [(x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
        return max(corners, key=lambda corner: corner[0] * math.cos(angle) + corner[1] * math.sin(angle))
