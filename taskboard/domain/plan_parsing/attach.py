"""Which clause belongs to which item: the smallest item with a clause of its own is a measure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from taskboard.domain.plan_parsing.clause_readings import IN_TEXT, Clause, Form
from taskboard.domain.plan_parsing.clauses import find_clauses
from taskboard.domain.plan_parsing.identity import DOCUMENT_NUMBER, ISSUER_AND_DAY, LONGEST_HEAD
from taskboard.domain.plan_parsing.items import LONGEST_HEADING, Item, heading_of
from taskboard.domain.plan_parsing.numbering import Kind, read_step
from taskboard.domain.plan_parsing.outline import SIGNED_DAY, Node, split_bullets, split_steps
from taskboard.domain.plan_parsing.prose_clauses import find_prose_clauses
from taskboard.domain.plan_parsing.rhythm import RHYTHM_HINT, asks_all_for_reports
from taskboard.domain.plan_parsing.sections import is_about_support, never_holds_measures
from taskboard.domain.plan_parsing.shared_clauses import share_clauses
from taskboard.domain.plan_parsing.text import Text, join_texts, without_ranges
from taskboard.domain.plan_parsing.units import GROUP_NAME, looks_like_unit


def attach_clauses(root: Node) -> Item:
    """The outline as items with their clauses."""
    top = Item(root, root.text)
    for lost in _unlabelled_items(root):
        lost.parent = top
        top.children.append(lost)
    following = _next_of_its_kind(root)
    stack: list[tuple[Node, Item]] = [(root, top)]
    while stack:
        node, item = stack.pop()
        for child in node.children:
            for below in _items(child, following.get(id(child))):
                below.parent = item
                item.children.append(below)
                if below.node is child:
                    stack.append((child, below))
    share_clauses(top)
    return top


def _next_of_its_kind(root: Node) -> dict[int, Node]:
    """For each node, by its identity, the one behind it with a label of its kind, perhaps in the next section."""
    following: dict[int, Node] = {}
    last: dict[Kind, Node] = {}
    for node in root.walk():
        if node.label is None:
            continue
        if node.label.kind in last:
            following[id(last[node.label.kind])] = node
        last[node.label.kind] = node
    return following


def _items(node: Node, following: Node | None) -> list[Item]:
    """The item of a node, and before the next one of its kind items whose labels were lost."""
    if node.label is None:
        return [Item(node, node.text), *_unlabelled_items(node)]
    paragraphs = _paragraphs_of_lost_items(node, following)
    if not paragraphs:
        return [_item(node)]
    first, *others = paragraphs
    lost = [Node(None, node.parent, node.order, texts, part=node.part, name="（缺号）") for texts in others]
    return [_item(one) for one in (replace(node, texts=first), *lost)]


MOST_LOST = 3
"""labels in a row that one copy loses"""


def _paragraphs_of_lost_items(node: Node, following: Node | None) -> list[list[Text]]:
    """The lines of an item and of those behind it whose labels are missing: as many numbers are skipped as clauses
    stand in its lines beside its own.
    """
    if following is None or following.label is None or node.label is None or node.children:
        return []
    missing = following.label.number - node.label.number - 1
    if following.label.kind is not node.label.kind or not 1 <= missing <= MOST_LOST:
        return []
    paragraphs = _paragraphs_with_clauses(node.texts)
    return paragraphs if len(paragraphs) == missing + 1 else []


def _paragraphs_with_clauses(texts: Sequence[Text]) -> list[list[Text]]:
    """Lines grouped so that each group ends with its clause; lines after the last clause are left out."""
    groups: list[list[Text]] = []
    pending: list[Text] = []
    for text in texts:
        clauses = [clause for clause in find_clauses(text) if clause.form not in IN_TEXT]
        only_clause = bool(clauses) and not without_ranges(text, [(c.start, c.end) for c in clauses]).plain.strip(
            " 。;"
        )
        if only_clause and not pending and groups:
            groups[-1].append(text)
            continue
        pending.append(text)
        if any(clause.reading.has_units for clause in clauses):
            groups.append(pending)
            pending = []
    return groups


def _unlabelled_items(node: Node) -> list[Item]:
    """Paragraphs without any label that carry clauses, each with the short heading above it."""
    items = []
    for position, group in enumerate(_paragraphs_with_clauses(node.texts)):
        start = max((n for n, text in enumerate(group) if not _is_only_clause(text)), default=0)
        if start == 0 and position == 0 and node.parent is None and node.children:
            continue  # fields below the title speak of the document
        if position == 0 and node.parent is None and node.children and any(map(_is_number, group)):
            continue  # the head of a notice: its number, and to whom it goes
        if position == 0 and node.parent is None and any(map(_is_issuer_with_day, group[1:])):
            continue  # （市数据局，2023年3月6日） below the title
        if all(_is_only_clause(text) or _is_signature(text) for text in group) or NOTE.match(group[start].plain):
            continue  # 主办单位：… of a web page below the signature, or below a note on the list
        label = read_step(group[start].plain)
        first = group[start][label.end :] if label else group[start]
        is_title = start == 1 and position == 0 and node.parent is None
        if start and label is None and not is_title and _is_lone_heading(group[start - 1], first):
            first = join_texts([group[start - 1], first], "\n")
        items.append(_item(Node(label, node, node.order, [first, *group[start + 1 :]], part=node.part)))
    return items


NOTE = re.compile(r"\s*(?:[(\[]?(?:备?注|附注|[\u4e00-\u9fff]{0,4}说明)\d?\s?:|\*|※)")
"""注：…, which says how a list is to be read"""


def _is_signature(text: Text) -> bool:
    """The name of an issuer or a day, alone on its line."""
    plain = text.plain.strip()
    return bool(SIGNED_DAY.match(plain)) or (len(plain) <= LONGEST_LONE_HEADING and looks_like_unit(plain))


def _is_issuer_with_day(text: Text) -> bool:
    """Who issued the document and when, in brackets on a line."""
    plain = text.plain.strip()
    found = ISSUER_AND_DAY.match(plain) if len(plain) <= LONGEST_HEAD and plain[:1] in "([" else None
    return found is not None and found.end() == len(plain)


def _is_number(text: Text) -> bool:
    """The number of the document, alone on its line."""
    found = DOCUMENT_NUMBER.match(text.plain.strip())
    return found is not None and found.end() == len(text.plain.strip())


def _is_lone_heading(line: Text, below: Text) -> bool:
    """A short line without punctuation above a paragraph that has no title words of its own."""
    return len(line) <= LONGEST_LONE_HEADING and not re.search("[。;:,]", line.plain) and "。" not in below.plain[:20]


LONGEST_LONE_HEADING = 30


def _is_only_clause(text: Text) -> bool:
    clauses = find_clauses(text)
    return bool(clauses) and not without_ranges(text, [(c.start, c.end) for c in clauses]).plain.strip(" 。;")


def _item(node: Node) -> Item:
    text = node.text
    clauses = find_clauses(text)
    if not clauses:
        return Item(node, text)
    text = _cut_after_clause(text, clauses)
    stepped = _with_steps(node, text, clauses)
    return stepped or Item(node, text, clauses)


def _cut_after_clause(text: Text, clauses: list[Clause]) -> Text:
    """Lines that follow an item's last clause belong to no item, unless the clause stands beside its heading."""
    before = without_ranges(text[: clauses[0].end], [(clauses[0].start, clauses[0].end)]).plain.strip(" 。\n")
    if "。" not in before and len(before) <= LONGEST_HEADING:
        closing = _closing_line(text.plain, max(clause.end - 1 for clause in clauses))
        return text if closing is None else text[:closing]
    rest = text.plain.find("\n", max(clause.end - 1 for clause in clauses))
    return text if rest < 0 else text[:rest]


CLOSING_LINE = re.compile(
    r"\n\s*(?:以上|上述|请各|各(?:有关|相关|责任|牵头|成员)?(?:单位|部门)[要应须于]|各级各部门|[省市县区州]?(?:委|政府|委政府|政府办公[室厅])督查室|本(?:方案|意见|通知|计划|清单|办法)自|(?:备?注|附注|[\u4e00-\u9fff]{0,4}说明)\s?:)"
)
"""how a paragraph begins that speaks of all items again"""


def _closing_line(plain: str, start: int) -> int | None:
    """Where the first line below ``start`` begins that speaks of all items: also 各专班每月5日前报送进展."""
    closing = CLOSING_LINE.search(plain, start)
    end = len(plain) if closing is None else closing.start()
    line_break = plain.find("\n", start, end)
    while line_break >= 0:
        following = plain.find("\n", line_break + 1, end)
        line = plain[line_break + 1 : following if following >= 0 else end]
        if RHYTHM_HINT.search(line) and asks_all_for_reports(line):
            return line_break
        line_break = following
    return None if closing is None else end


def _with_steps(node: Node, text: Text, clauses: list[Clause]) -> Item | None:
    """一是…（责任单位：A）二是…（责任单位：B）: the steps are items when they carry their own clauses."""
    if len(clauses) < 2:
        return None
    intro, steps = split_steps(text)
    if not steps:
        intro, steps = split_bullets(text)
    if not steps:
        return None
    below = []
    for label, piece in steps:
        own = find_clauses(piece)
        below.append(Item(Node(label, node, node.order, [piece], part=node.part), piece, own))
    if sum(item.has_units for item in below) < max(2, len(below) - 1):
        return None
    parent = Item(node, intro, find_clauses(intro), below)
    for item in below:
        item.parent = parent
    return parent


# --- choosing ------------------------------------------------------------------------------------


def items_with_clauses(top: Item) -> list[Item]:
    """The smallest items with clauses of their own, in reading order."""
    chosen = []
    for item in top.walk():
        below = item.walk() if item.children else ()
        if item.has_units and not any(one is not item and one.has_units for one in below):
            chosen.append(item)
    return chosen


PROSE_SHARE = 0.3
"""of the items that may be measures, so many must have a clause in running text before any is believed"""
GENERIC_BODY = re.compile(
    r"^(?:各|有关|相关)*(?:牵头|责任|主责|主办|承办|配合|参与|成员)(?:责任)?(?:部门|单位|处室|科室|方)$|^(?:各级)?(?:人民)?(?:政府|部门|单位|企业|协会|高校|学校|医院|银行|机构|公司|社区|专业机构|龙头企业|社会组织|主管部门|办公室|领导小组)$|企业$|协会$"
)


def add_prose_clauses(top: Item) -> None:
    """Clauses in running text (由A会同B负责落实) count where many items have them and few another form."""
    explicit = sum(any(clause.form not in IN_TEXT for clause in item.clauses) for item in top.walk())
    eligible = prose = 0
    found: list[tuple[Item, list[Clause]]] = []
    for item in top.walk():
        prose += any(clause.form in IN_TEXT for clause in item.clauses)
        if item.node.label is None or any(below.has_units for below in item.walk()) or is_never_measure(item):
            continue
        eligible += not item.children
        clauses = [clause for clause in find_prose_clauses(item.text) if _names_a_body(clause)]
        if clauses:
            found.append((item, clauses))
    prose += len(found)
    if prose >= PROSE_SHARE * eligible and prose * 2 >= explicit:
        for item, clauses in found:
            item.clauses = sorted([*item.clauses, *clauses], key=lambda clause: clause.start)
            item.text = _cut_after_clause(item.text, item.clauses)
        return
    for item, clauses in found:
        if item.parent is not None and _is_surrounded(item):
            item.clauses = sorted([*item.clauses, *clauses], key=lambda clause: clause.start)
            item.text = _cut_after_clause(item.text, item.clauses)


def _is_surrounded(item: Item) -> bool:
    """Whether an item without a clause stands in a row whose other items mostly have one."""
    assert item.parent is not None
    others = [other for other in item.parent.children if other is not item and other.node.label is not None]
    assert item.node.label is not None
    deep = item.node.label.kind >= Kind.NUMBER
    with_units = sum(other.has_units or (deep and any(below.has_units for below in other.walk())) for other in others)
    return bool(others) and 2 * with_units > len(others)


def _names_a_body(clause: Clause) -> bool:
    """At least one leading unit is a body of its own and not 各有关部门 or 政府."""
    units = [*clause.reading.leads, *clause.reading.responsible]
    return any(not GROUP_NAME.match(u.said.plain) and not GENERIC_BODY.search(u.said.plain) for u in units)


def drop_doubtful_prose(top: Item) -> None:
    """A closing sentence of units and verbs outside the measures (各单位负责落实) is no clause."""
    for item in top.walk():
        item.clauses = [clause for clause in item.clauses if clause.form not in IN_TEXT or _is_assignment(clause, item)]


STANDING_BODY = re.compile(r"(?:领导小组|指挥部|专班|联席会议|发展委员会|工作委员会)(?:办公室)?$")


SUPERVISES = re.compile(
    r"(?:加强|开展|进行|实施|组织|定期|适时|强化)[^,。;]{0,8}(?:督查|督导|督办|督促|检查|指导|考核|评估|调度|跟踪|协调)"
    r"|(?:督促|监督)检查|跟踪(?:督办|督查|问效|了解)|统筹协调|协调解决"
)
"""由督查室会同有关部门加强督查 among the requirements: who watches over the plan, not who does a part of it"""


def _is_assignment(clause: Clause, item: Item) -> bool:
    """Whether a clause in running text gives its item to somebody, as its neighbours are given."""
    if is_never_measure(item):
        return False
    if not _names_a_body(clause):
        return clause.form is Form.PROSE and _names_known_group(clause) and _is_surrounded(item)
    if clause.form is Form.PROSE and SUPERVISES.search(clause.content.plain) and _is_about_support(item):
        return False
    units = [*clause.reading.leads, *clause.reading.responsible]
    stands_over_all = all(STANDING_BODY.search(unit.said.plain) for unit in units)
    return not (stands_over_all and _is_about_support(item))


ANY_BODIES = re.compile(r"^(?:各|各级|有关|相关|各有关|各相关|其他)*(?:责任|牵头|成员|职能)?(?:部门|单位|方面)$")


def _names_known_group(clause: Clause) -> bool:
    """由各乡镇人民政府负责 says who; 由各有关部门负责 does not."""
    units = [*clause.reading.leads, *clause.reading.responsible]
    return any(GROUP_NAME.match(u.said.plain) and not ANY_BODIES.match(u.said.plain) for u in units)


def _is_about_support(item: Item) -> bool:
    """Whether the item or a section above it is 保障措施, 组织领导, 工作要求 or the like."""
    above: Item | None = item
    while above is not None:
        if above.node.label is not None and is_about_support((heading_of(above.text)[0] or above.text[:30]).plain):
            return True
        above = above.parent
    return False


def is_never_measure(item: Item) -> bool:
    """Whether the item or a section above it is 总体要求, 目标, 形势 or the like."""
    above: Item | None = item
    while above is not None:
        if above.titled_never is None:
            above.titled_never = _is_titled_never(above)
        if above.titled_never:
            return True
        above = above.parent
    return False


def _is_titled_never(item: Item) -> bool:
    label = item.node.label
    if label is None or label.kind > Kind.NUMBER:
        return False
    heading, _ = heading_of(item.text)
    section = label.kind <= Kind.CHINESE_BRACKET
    title = heading.plain if heading is not None else item.text.plain[: 30 if section else 0]
    return bool(title) and never_holds_measures(title)


def candidates_without_clause(top: Item, measures: Iterable[Item]) -> dict[int, list[Item]]:
    """Leaves that carry no clause and stand neither below a measure nor in a section that never holds any, by part."""
    taken = {id(below) for item in measures for below in item.walk()}
    leaves: dict[int, list[Item]] = defaultdict(list)
    for item in top.walk():
        is_leaf = not any(child.node.label is not None for child in item.children)
        if item.node.label is None or not is_leaf or id(item) in taken or is_never_measure(item):
            continue
        if len(item.text.plain.strip()) >= 6:
            leaves[item.node.part].append(item)
    return leaves
