"""Office packages (docx, xlsx): which part is the main one, and where its relationships lead."""

from __future__ import annotations

import posixpath

from taskboard.documents.archive import Archive
from taskboard.documents.safe_xml import parse_xml

RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN_PART_TYPE = "/officeDocument"


def main_part(archive: Archive, *, usual: str) -> str:
    """The name of the package's main part: as its relationships say, else the ``usual`` one."""
    for kind, target in _relationships(archive, part="").values():
        if kind.endswith(MAIN_PART_TYPE) and target in archive.names:
            return target
    return usual


def related_parts(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Relationship id → (last word of its type, name of the part it leads to)."""
    found = _relationships(archive, part=part)
    return {key: (kind.rpartition("/")[2], target) for key, (kind, target) in found.items()}


def _relationships(archive: Archive, *, part: str) -> dict[str, tuple[str, str]]:
    folder, _, name = part.rpartition("/")
    content = archive.find(posixpath.join(folder, "_rels", f"{name}.rels"))
    if content is None:
        return {}
    root = parse_xml(content)
    relationships = {}
    for element in root.iterchildren(f"{{{RELATIONSHIPS}}}Relationship"):
        # Parts outside the package are pictures and links on somebody's server; they are never followed.
        if element.get("TargetMode") == "External":
            continue
        target = element.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        relationships[element.get("Id", "")] = (element.get("Type", ""), path)
    return relationships
