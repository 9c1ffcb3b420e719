"""What copying sites, recognition and pasting do to documents, at random and with fixed seeds."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import opencc
from msgspec import structs

from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Table

OnText = Callable[[str, random.Random], str]
Damage = Callable[[Sequence[Block], random.Random], list[Block]]

ALIKE = str.maketrans(
    "局政育市省厅牵头责任单位负台底月年0163委季、，。：（", "居改肓巾肖斤奉失贵仕早拉贞合低日牛Olb8季委·,.:("
)
COMMON = (
    "的一是在了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事"
)
WORD_PAIRS = """
    责任单位 担责单位 牵头单位 领办单位 牵头 领衔 配合单位 辅助单位 配合 帮办 负责 承担 年底前 岁末前 完成时限 限定时间
    每季度 每季末 每月 月月 年底 年尾 上半年 前半年 责任部门 经管部门 协办 协力 会同 携手 由 交 按职责分工负责 各司其职
    每年 一年一次 长期坚持 永久坚持 前完成 前办完 参与 加入 完成时间 收尾时间 季度末 季末
"""
OTHER_WORDS = tuple(zip(WORD_PAIRS.split()[::2], WORD_PAIRS.split()[1::2], strict=True))
"""words that the parser knows → words of the same meaning that it does not"""
WORDS_CHANGED = 7


def on_text(change: OnText) -> Damage:
    """The damage that ``change`` does to every paragraph and cell."""

    def damage(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
        return [_changed(block, change, chance) for block in blocks]

    return damage


def _changed(block: Block, change: OnText, chance: random.Random) -> Block:
    if isinstance(block, Paragraph):
        return replace(block, text=change(block.text, chance))
    cells: dict[int, Cell] = {}
    for row in block.rows:
        for cell in row:
            if id(cell) not in cells:
                cells[id(cell)] = structs.replace(cell, text=change(cell.text, chance))
    return replace(block, rows=tuple(tuple(cells[id(cell)] for cell in row) for row in block.rows))


def on_characters(share: float, change: OnText, only: str = "") -> Damage:
    """``change`` to this share of the characters, of those in ``only`` if any are named."""

    def change_text(text: str, chance: random.Random) -> str:
        return "".join(
            change(c, chance) if c != "\n" and (not only or c in only) and chance.random() < share else c for c in text
        )

    return on_text(change_text)


def on_words(pattern: str, share: float, change: Callable[[str], str]) -> Damage:
    """``change`` to this share of what ``pattern`` finds."""
    words = re.compile(pattern)

    def change_text(text: str, chance: random.Random) -> str:
        return words.sub(lambda found: change(found.group()) if chance.random() < share else found.group(), text)

    return on_text(change_text)


def _exchanged(text: str, chance: random.Random) -> str:
    characters = list(text)
    for n in range(len(characters) - 1):
        if "\n" not in characters[n : n + 2] and chance.random() < 0.008:
            characters[n], characters[n + 1] = characters[n + 1], characters[n]
    return "".join(characters)


def _spaced(text: str, chance: random.Random) -> str:
    return "".join(f"{c} " if c not in "\n\t" and chance.random() < 0.03 else c for c in text)


def _worded_otherwise(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    chosen = chance.sample(OTHER_WORDS, WORDS_CHANGED)

    def change_text(text: str, chance: random.Random) -> str:
        for here, there in chosen:
            text = text.replace(here, there) if chance.random() < 0.7 else text
        return text

    return on_text(change_text)(blocks, chance)


def _lines_of(blocks: Sequence[Block]) -> list[Block]:
    lines: list[Block] = []
    for block in blocks:
        if isinstance(block, Paragraph) and not block.label:
            lines += [replace(block, text=text) for text in block.text.split("\n")]
        else:
            lines.append(block)
    return lines


def _lines_joined(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    joined: list[Block] = []
    for block in _lines_of(blocks):
        before = joined[-1] if joined else None
        both = isinstance(block, Paragraph) and isinstance(before, Paragraph) and not block.label
        if both and chance.random() < 0.2:
            assert isinstance(block, Paragraph) and isinstance(before, Paragraph)
            joined[-1] = replace(before, text=before.text + block.text)
        else:
            joined.append(block)
    return joined


def _lines_broken(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    broken: list[Block] = []
    for block in _lines_of(blocks):
        if isinstance(block, Paragraph) and len(block.text) > 20 and chance.random() < 0.25:
            cut = chance.randrange(5, len(block.text) - 3)
            broken += [replace(block, text=block.text[:cut]), Paragraph(block.text[cut:])]
        else:
            broken.append(block)
    return broken


def _lines_lost(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    return [block for block in _lines_of(blocks) if isinstance(block, Table) or chance.random() >= 0.06]


def _lines_doubled(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    doubled: list[Block] = []
    for block in _lines_of(blocks):
        doubled += [block, block] if isinstance(block, Paragraph) and chance.random() < 0.05 else [block]
    return doubled


def _lines_exchanged(blocks: Sequence[Block], chance: random.Random) -> list[Block]:
    lines = _lines_of(blocks)
    for n in range(len(lines) - 1):
        if all(isinstance(block, Paragraph) for block in lines[n : n + 2]) and chance.random() < 0.06:
            lines[n], lines[n + 1] = lines[n + 1], lines[n]
    return lines


TO_TRADITIONAL = opencc.OpenCC("s2t")
NARROW = str.maketrans("：，；（）", ":,;()")


def _traditional(text: str, chance: random.Random) -> str:
    converted: str = TO_TRADITIONAL.convert(text)
    return converted.translate(NARROW)


PUNCTUATION = "、，。；：,;:"
DAMAGES: Mapping[str, Damage] = {
    "characters lost": on_characters(0.01, lambda c, chance: ""),
    "characters doubled": on_characters(0.01, lambda c, chance: c + c),
    "characters exchanged": on_text(_exchanged),
    "characters replaced": on_characters(0.008, lambda c, chance: chance.choice(COMMON)),
    "characters misread": on_characters(0.06, lambda c, chance: c.translate(ALIKE)),
    "characters unreadable": on_characters(0.01, lambda c, chance: "?"),
    "letters between": on_characters(0.008, lambda c, chance: c + chance.choice("?aZ·*")),
    "spaces between": on_text(_spaced),
    "punctuation lost": on_characters(0.06, lambda c, chance: "", PUNCTUATION),
    "punctuation exchanged": on_characters(0.08, lambda c, chance: chance.choice("、，。；：. "), PUNCTUATION),
    "brackets lost": on_characters(0.12, lambda c, chance: "", "（）()[]〔〕【】"),
    "cell marks lost": on_characters(0.1, lambda c, chance: "", "\t|"),
    "lines joined": _lines_joined,
    "lines broken": _lines_broken,
    "lines lost": _lines_lost,
    "lines doubled": _lines_doubled,
    "lines exchanged": _lines_exchanged,
    "years lost": on_words(r"20\d\d年", 0.35, lambda words: "年"),
    "figures misread": on_words(r"\d(?=[年月日])", 0.05, lambda words: str((int(words) * 7 + 3) % 10)),
    "roles lost": on_words(
        r"(?:责任单位|牵头单位|配合单位|责任部门|主办单位|牵头|负责|配合)[：:]?", 0.12, lambda words: ""
    ),
    "other words": _worded_otherwise,
    "traditional script": on_text(_traditional),
}
"""kind of damage → what does it"""


def damaged(blocks: Sequence[Block], kind: str, seed: str) -> list[Block]:
    """A copy of the document with this kind of damage, always the same for the same seed."""
    return DAMAGES[kind](blocks, random.Random(f"{seed} {kind}"))
