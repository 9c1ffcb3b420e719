"""What the marks for review are worth: documents with right readings beside them, as they are and damaged at random.

    python -m bench.marks [FOLDER …] [--seeds 2] [--unmarked]

For each kind of damage the share of all fields that are marked, and the share of the wrong fields that are among them;
the damage of a document depends on nothing but its name and the number of the seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.services.calendar import package_calendar
from taskboard.services.evaluation import Evaluation, Figures, evaluate, total
from tests.support.damage import DAMAGES, damaged

DATA = Path(__file__).parents[1] / "tests" / "data"
FOLDERS = (DATA / "corpus", DATA / "plans")
SOUND = "as they are"


def documents(folders: Sequence[Path]) -> Iterator[tuple[str, Sequence[Block], dict[str, Any]]]:
    """Name, blocks and right reading of every document that has one beside it."""
    for folder in folders:
        for gold in sorted(folder.glob("*.gold.json")):
            name = gold.name.removesuffix(".gold.json")
            source = next(file for file in folder.glob(f"{name}.*") if file != gold)
            yield name, read_document(source.read_bytes()).blocks, json.loads(gold.read_text(encoding="utf-8"))


def trial(
    folders: Sequence[Path] = FOLDERS, kinds: Sequence[str] = tuple(DAMAGES), seeds: int = 1
) -> dict[str, list[Evaluation]]:
    """Kind of damage → the evaluation of each damaged document; those that are not damaged stand first."""
    calendar = package_calendar()
    found: dict[str, list[Evaluation]] = {kind: [] for kind in (SOUND, *kinds)}
    for name, blocks, gold in documents(folders):
        copies = [(SOUND, blocks)]
        copies += [(kind, damaged(blocks, kind, f"{name} {seed}")) for kind in kinds for seed in range(seeds)]
        for kind, copy in copies:
            found[kind].append(evaluate(name, reading_to_dict(parse_plan(copy, calendar=calendar)), gold))
    return found


def _line(name: str, figures: Figures) -> str:
    marked = f"{figures.marked:6.1%}" if figures.marked is not None else "     –"
    caught = f"{figures.wrong_marked:6.1%}" if figures.wrong_marked is not None else "     –"
    return f"{name:24} {figures.fields:7} {marked} {figures.fields_wrong:7} {caught}"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="What the marks for review are worth.")
    parser.add_argument("folders", nargs="*", type=Path, default=list(FOLDERS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--unmarked", action="store_true", help="name the wrong fields that are not marked")
    chosen = parser.parse_args(arguments)
    found = trial(chosen.folders, seeds=chosen.seeds)
    print(f"{'':24} {'fields':>7} {'marked':>6} {'wrong':>7} {'of them marked':>6}")
    for kind, evaluations in found.items():
        print(_line(kind, total(evaluations)))
    hurt = [one for kind, evaluations in found.items() if kind != SOUND for one in evaluations]
    print(_line("all damaged", total(hurt)))
    if chosen.unmarked:
        for kind, evaluations in found.items():
            for wrong in (wrong for one in evaluations for wrong in one.wrong if not wrong.marked):
                print(f"{kind}\t{wrong.document}\t{wrong.measure[:16]}\t{wrong.name}\t{wrong.expected} → {wrong.found}")


if __name__ == "__main__":
    main(sys.argv[1:])
