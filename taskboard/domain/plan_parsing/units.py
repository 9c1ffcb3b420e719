"""Lists of units: 市发展改革委、财政局，各县（市、区）人民政府等 → the single names, elided parts restored."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import msgspec
from msgspec import structs

from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.text import Text, squeezed

LONGEST_NAME = 40


class Unit(msgspec.Struct, frozen=True, gc=False):
    """A unit as the document names it; ``said`` are its characters there, without what was elided."""

    name: str
    said: Text
    glued: bool = False
    """whether no mark stood between it and its neighbour"""
    restored: bool = False
    """whether an elided prefix or suffix was added"""
    role_mark: str = ""
    """牵头 or 配合 where a bracket after the name says so"""

    def moved_to(self, place: Text) -> Unit:
        """The same unit in ``place``; its positions count from 0 as those of ``Text.moved_to``."""
        return Unit(self.name, self.said.moved_to(place), self.glued, self.restored, self.role_mark)


BODY = (
    "厅|局|委|办|部|院|会|署|社|校|所|站|台|馆|处|科|股|室|组|队|司|行|集团|公路段|养护段|工务段|车务段|机务段|公司|中心|政府|单位|部门|机构|企业|"
    "海关|工会|机关|[妇残侨文科]联|工商联|社科联|记协|科协|足协|贸协|武警|军分区|专班|指挥部|领导小组|中支|小组|高校|院校|学校|大学|学院|医院|"
    "党委|党组|工委|纪委监委|政协|人大|团中央|团省委|团市委|团县委|团区委|行署|兵团|协会|基地|园区|景区|高新园|新区|开发区|功能区|试验区|保税区|"
    "高新区|经开区|示范区|管理区|林场|农场|电网|供电|移动|电信|联通|铁塔|邮政|石化|石油|烟草|"
    "各地|地区|乡镇|街道|村居|社区|镇街|街办|街镇|县区|区县|市县|市州|州市|县市|[省市州县区旗镇乡村盟场]"
)
UNIT_NAME = re.compile(rf"(?:{BODY})$")
GROUP_NAME = re.compile(
    r"^(?:各|有关|相关|其他|其它|所有|全市|全省|全县|全区|沿线|省直|市直|县直|区直|省级|市级|县级|区级|属地|涉及)"
)
NOT_A_UNIT = re.compile(
    r"^(?:成立|组建|设立|建立健全|健全|完善)|[。!?:“”]|(?:要|应|将|须|不得|加快|推进|推动|加强|建立|完善|落实|开展|组织实施|进一步|按照|确保|提高|支持|鼓励|通过|围绕|责任制|负责制)"
    r"(?!.{0,8}(?:厅|办|局|委|院|队|会|所|站|公司|集团|中心|小组|专班|指挥部|部|处|科|会议|单位|部门|组|室|政府)$)|^[\d.%]|^第|年度?$|\d年|(?:同志|负责人|领导)$|的"
)
LEADING_WORDS = re.compile(r"^(?:\?|由|请|以及|并|或|会同|其中|(?:和|及|与|以)(?=[各有相省市县])|、|,|:|;|\s)+(?=.{2})")
ANY_OFFICES = (
    "部门|单位|部委|机构|企业|方面|科室|处室|股室|部室|室部|院系|院部|系部|学院|站所|站办所|局办|司局|车间|班组|公司"
    "|镇街|街镇|乡镇|街道|县区|区县"
)
"""what an office calls bodies of its kind: 医务科、护理部等科室"""
TAIL_ETC = re.compile(
    r"等(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})个?)?(?P<group>(?:国务院|中央|省|市|县|区|州)?(?:级|直)?(?:各)?(?:有关|相关|其他|各|成员)?"
    rf"(?:职能|行业|业务|责任|主管|监管|执法)?(?:{ANY_OFFICES})?(?:和单位|及单位|单位|、单位)?)$"
)
TRAILING_WORDS = re.compile(r"(?:等|分别|共同|按职责分工|按职责|按分工|具体|为主|、|,|;|\.|\s)+$")
SEPARATORS = "、,;/\n\t|"
ROLE_MARK = re.compile(r"\((?P<mark>总?牵头|牵头单位|牵头部门|主办|主责|配合|协办|参与|配合单位)\)$")


def read_units(text: Text) -> list[Unit]:
    """The units that a list names, in order, each once; what is no name is dropped."""
    return [unit.moved_to(text) for unit in _read_again(text.clean, text.plain)]


@lru_cache(maxsize=4096)
def _read_again(clean: str, plain: str) -> tuple[Unit, ...]:
    """The units of a list whose positions count from 0, read once: a plan names the same ones in item after item."""
    units: list[Unit] = []
    for comma_group in _comma_groups(Text(clean, plain, 0)):
        units += _restore(comma_group)
    return tuple(_unique(units))


def is_unit_list(text: Text) -> bool:
    """Whether the text is nothing but names of units."""
    return _is_unit_list_again(text.clean, text.plain)


@lru_cache(maxsize=4096)
def _is_unit_list_again(clean: str, plain: str) -> bool:
    groups = _comma_groups(Text(clean, plain, 0))
    pieces = [piece for group in groups for piece in _restore(group)]
    return bool(pieces) and all(looks_like_unit(piece.said.plain) or piece.restored for piece in pieces)


@lru_cache(maxsize=8192)
def looks_like_unit(plain: str) -> bool:
    """Whether the words read as the name of a body or a group of bodies."""
    name = squeezed(plain)
    if not 2 <= len(name) <= LONGEST_NAME:
        return False
    outer = _without_brackets(name)
    if not outer or NOT_A_UNIT.search(outer):
        return False
    if GROUP_NAME.match(outer) and len(outer) > 2:
        return bool(UNIT_NAME.search(outer)) or (outer[0] == "各" and len(outer) <= 8)
    return bool(UNIT_NAME.search(outer)) and len(outer) > 1


def _without_brackets(name: str) -> str:
    bare = SHORT_BRACKET.sub("", name) if "(" in name or "[" in name else name
    return QUOTED.sub(r"\1", bare) if "“" in bare else bare


QUOTED = re.compile(r"“([\u4e00-\u9fff\d]{1,8})”")
"""a task in the name of who does it: 区“无废办”, 市“双减”专班"""


SHORT_BRACKET = re.compile(r"[(\[][^()\[\]]{0,40}[)\]]")


def _comma_groups(text: Text) -> list[list[Unit]]:
    """Names between commas; a missing prefix is looked for only inside such a group."""
    groups: list[list[Unit]] = []
    for start, end in split_outside(text.plain, ",;。"):
        names: list[Unit] = []
        for first, last in _joined_groups(text.plain[start:end]):
            names += _names_of(text[start:end][first:last])
        if names:
            groups.append(names)
    return groups


OPEN_GROUP = re.compile(r"^各(?:省|市|州|地区?|盟|县|区|旗|镇|乡|街道|苏木|园区|自治区)(?:\([^()]*\))?$")
GROUP_MEMBER = re.compile(
    r"^(?:省|市|州|盟|县|区|旗|镇|乡|街道|自治区|直辖市|苏木|园区|开发区|功能区|产业园区)(?:\([^()]*\))?(?P<rest>.*)$"
)
GROUP_BODY = re.compile(
    r"^(?:人民)?(?:政府|党委)?(?:\([^()]*\))?$|^(?:政府办|街道办|办事处|管委会|部门|有关部门|单位|党委|政府|党工委|委|管理委员会)(?:\([^()]*\))?$"
)


def _joined_groups(plain: str) -> list[tuple[int, int]]:
    """Ranges of single names; 各市、县（区）人民政府 stays one, since its parts are no names of their own."""
    pieces = split_outside(plain, SEPARATORS)
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        word = plain[start:end].strip()
        member = GROUP_MEMBER.match(word)
        if joined and member and GROUP_BODY.match(member["rest"]):
            before = plain[joined[-1][0] : joined[-1][1]].strip()
            parts = re.split("、", re.sub(r"\([^()]*\)", "", before))
            if OPEN_GROUP.match(re.sub(r"\([^()]*\)", "", "各" + parts[-1].removeprefix("各"))) and before.startswith(
                "各"
            ):
                joined[-1] = (joined[-1][0], end)
                continue
        joined.append((start, end))
    return joined


def _names_of(piece: Text) -> list[Unit]:
    """The names in one piece of a list, told apart at 及/和 and white space, without 等 and 由."""
    piece = piece.strip()
    names: list[Unit] = []
    for part in _split_at_conjunctions(piece):
        for word in _split_at_spaces(part):
            glued = _split_glued(word)
            for single in glued:
                found = _single_names(single)
                names += found if len(glued) == 1 else [structs.replace(unit, glued=True) for unit in found]
    return names


SEAM = re.compile(
    r"(?<=厅|局|委|办|院|会|部|社|队|司|心|府|位|门|联|团|行)(?=[省市县区州](?![级直场属辖、])[\u4e00-\u9fff]{2}|各(?!成员|专项|专班|工作组|小组|分指挥)[\u4e00-\u9fff]{2}|国家[\u4e00-\u9fff]{2})"
)
ONE_OFFICE = re.compile(r"^(?:中共)?[\u4e00-\u9fff]{0,4}[省市县区州]委$")
SHORTEST_GLUED = 4


def _split_glued(word: Text) -> list[Text]:
    """省国税局省地税局: two names between which the 、 was lost; 市委市政府督查室 is one office."""
    parts: list[Text] = []
    start = 0
    for seam in SEAM.finditer(word.plain):
        left, right = word[start : seam.start()], word.plain[seam.start() :]
        if _is_inside_bracket(word.plain, seam.start()) or ONE_OFFICE.match(left.plain) or len(left) < SHORTEST_GLUED:
            continue
        same_level = right[0] in ("各", left.plain[0]) or right.startswith("国家")
        if same_level and looks_like_unit(left.plain) and looks_like_unit(right):
            parts.append(left)
            start = seam.start()
    return [*parts, word[start:]]


CONJUNCTION = re.compile(r"以及|及其他|及|和|与")


def _split_at_conjunctions(piece: Text) -> list[Text]:
    for found in CONJUNCTION.finditer(piece.plain):
        left, right = piece.plain[: found.start()], piece.plain[found.end() :]
        if _is_inside_bracket(piece.plain, found.start()) or not left or not right:
            continue
        if _is_join(left, right):
            rest = piece[found.end() - (2 if found.group() == "及其他" else 0) :]
            return [piece[: found.start()], *_split_at_conjunctions(rest)]
    return [piece]


ENDS_IN_SUBJECT = re.compile(r"社会$|^[省市县区州]?(?:实验室|企业|学校|机关|社区|园区|院校|高校|乡村|机构|医院|单位)$")
"""what a body deals with and what is called like one: 社会和法制委, 实验室与资产管理处"""


def _is_join(left: str, right: str) -> bool:
    left_whole = re.sub(r"等(?:有关|相关)?(?:部门|单位)?$", "", left)
    if not looks_like_unit(left_whole) and not TAIL_ETC.search(left):
        return False
    if re.match(r"(?:各|有关|相关|其他|专项|所属|沿线|省|市|县|区|州)", right):
        return True
    if ENDS_IN_SUBJECT.search(left):
        return False
    return (
        looks_like_unit(right)
        and len(_without_brackets(right)) >= 3
        and not re.match(r"[改信展设社旅新息划规乡镇信]", right)
    )


def _is_inside_bracket(plain: str, position: int) -> bool:
    return plain.count("(", 0, position) > plain.count(")", 0, position)


def _split_at_spaces(piece: Text) -> list[Text]:
    words = [(found.start(), found.end()) for found in re.finditer(r"\S+", piece.plain)]
    if len(words) < 2 or not all(looks_like_unit(piece.plain[a:b]) and b - a >= 3 for a, b in words):
        return [piece]
    return [piece[a:b] for a, b in words]


def _single_names(word: Text) -> list[Unit]:
    word = _strip_words(word)
    extra: list[Unit] = []
    tail = TAIL_ETC.search(word.plain)
    if tail and tail.start() > 0:
        if tail["group"] and not re.fullmatch(
            rf"(?:各|有关|相关|责任|成员|职能)*(?:{ANY_OFFICES})?(?:和单位|及单位|单位|、单位)?",
            tail["group"],
        ):
            group = word[tail.start("group") : tail.end("group")]
            extra = [Unit(squeezed(group.clean), group)]
        word = _strip_words(word[: tail.start()])
    mark = ROLE_MARK.search(word.plain)
    if mark:
        word = word[: mark.start()].strip()
    if len(word) < 2:
        return extra
    role = "" if not mark else "lead" if re.search("牵头|主办|主责", mark["mark"]) else "partner"
    return [Unit(squeezed(word.clean), word, role_mark=role), *extra]


def _strip_words(word: Text) -> Text:
    word = word.strip()
    lead = LEADING_WORDS.match(word.plain)
    if lead and not looks_like_unit(word.plain[lead.start() : lead.end()]):
        word = word[lead.end() :]
    tail = TRAILING_WORDS.search(word.plain[-20:])
    if tail and not word.plain.endswith("等"):
        word = word[: len(word) - (len(word.plain[-20:]) - tail.start())]
    return word.strip()


# --- elision -------------------------------------------------------------------------------------

LEVEL = re.compile(r"^(?P<prefix>(?:省|市|县|区|州|旗|盟|自治区)(?=委|政府|直|级)?)")
LEVEL_NAME = re.compile(r"^(?P<level>省|市(?!场)|县|区|州|旗|盟|自治区)(?P<party>委)?(?P<rest>.*)$")
PARTY_BODIES = re.compile(
    r"^(?:组织部|宣传部|统战部|政法委|网信办|编办|政研室|政策研究室|党校|老干部局|社会工作部|巡察办|巡视办|外办|机要局|保密局|密码管理局|办公厅|办公室|"
    r"督查室|改革办|军民融合办|台办|农办|财经办|深改办|直属机关工委|直机关工委|老干局|党史研究室|讲师团|人才办|文明办|金融办|国安办)$"
)
ELIDABLE = re.compile(
    r"^(?:发展|发改|教育|体育|科技|科学|工业|工信|经信|经济|经贸|商务|民族|民宗|民政|公安|司法|财政|人力|人社|劳动|自然|国土|规划|资源|生态|环保|环境|住房|住建|城乡|城建|建设|城市|城管|"
    r"交通|水利|水务|农业|农村|农机|畜牧|林业|林草|园林|渔业|海洋|文化|文旅|文广|文物|广播|广电|旅游|卫生|卫健|医疗|医保|药品|药监|食品|中医|疾控|退役|应急|安监|安全|审计|外事|外侨|侨务|国资|"
    r"市场|工商|质监|统计|信访|机关事务|机关|密码|保密|数据|大数据|政务|行政|审批|金融|地方金融|知识产权|粮食|能源|人防|地震|供销|扶贫|乡村|法制|法院|检察院|"
    r"总工会|妇联|残联|工商联|科协|文联|社科联|侨联|贸促会|红十字会|税务|国税|地税|投资促进|招商|口岸|消防|档案|地方志|史志|机构编制|住房公积金|公积金|公共资源|公路|港航|邮政|国动办|数字)"
    r".{0,14}(?:厅|局|委|委员会|办|办公室|中心|会|联|院|总队|支队|大队|社|协|公司|部门)(?:\(.*\))?$|^(?:检察院|法院|人民法院|人民检察院)$"
)
CENTRAL = re.compile(
    r"通信管理|海关|海事|气象局$|国网|人民银行|人行|银保监|证监|金融监管总局|金融监管分局|金融监管局|烟草|邮政管理|民航|铁路|电网|银行|分行|支行|中支|国家|部$"
)
PLACE_ONLY = re.compile(r"^[\u4e00-\u9fff]{1,6}[县市区旗州镇乡]$")
SUBJECTS = (
    "发展改革|发改|教育|科技|工信|经信|商务|民族宗教|民宗|民政|公安|司法|财政|人社|人力社保|自然资源|国土|规划|生态环境|环保|住建|建设|城管"
    "|交通|交通运输|水利|水务|农业|农业农村|畜牧|林业|园林|文化|文旅|文广|旅游|卫生|卫健|卫生健康|医保|药监|应急|安监|审计|国资|市场监管|工商|质监"
    "|统计|信访|税务|扶贫|粮食|广电|体育|气象|消防|银监|金融"
)
PLACE_BODY = re.compile(
    rf"^[\u4e00-\u9fff]{{1,6}}?[县市区旗州镇乡](?P<suffix>(?:人民)?政府|(?:人民)?政府办|管委会|党委|街道办|(?:{SUBJECTS})(?:局|委|办|分局))$"
)


COMPANIES = (
    "移动|联通|电信|铁塔|网通|广电|广电网络|邮政|邮储|石化|石油|中石化|中石油|工行|农行|中行|建行|交行"
    "|工商银行|农业银行|中国银行|建设银行|交通银行|人保|人寿|国寿|太平洋|平安"
)
BRANCH = re.compile(
    rf"^(?:中国)?(?:{COMPANIES})(?P<suffix>(?:[\u4e00-\u9fff]{{2,6}})?(?:分公司|支公司|分行|支行|公司|分局))$"
)
COMPANY_ONLY = re.compile(rf"^(?:中国)?(?:{COMPANIES})$")
SUBJECT_ONLY = re.compile(rf"^[省市县区州]?(?:{SUBJECTS})$")
SUBJECT_BODY = re.compile(rf"^[省市县区州]?(?:{SUBJECTS})(?P<suffix>部门|等部门|系统|局|厅|委|办)$")


STREET_BODY = re.compile(
    r"^(?!各)[\u4e00-\u9fff]{2,4}?(?P<suffix>(?:街道|镇|乡)(?:办事处|人民政府|政府|党工委|党委|办)?)$"
)
PLACE_NAME = re.compile(rf"^(?!各|{SUBJECTS}|{COMPANIES})[\u4e00-\u9fff]{{2,3}}$")


def _is_only_a_place(plain: str) -> bool:
    """红星 before 东岗街道办事处: short, and no name of a body itself."""
    return bool(PLACE_NAME.match(plain)) and not looks_like_unit(plain)


def _restore(names: list[Unit]) -> list[Unit]:
    whole = _restore_shared_ending(names, BRANCH, COMPANY_ONLY.match)
    whole = _restore_shared_ending(whole, SUBJECT_BODY, SUBJECT_ONLY.match)
    whole = _restore_shared_ending(whole, STREET_BODY, _is_only_a_place)
    return _restore_suffixes(_restore_prefixes(whole))


def _restore_shared_ending(names: list[Unit], whole: re.Pattern[str], is_stem: Callable[[str], object]) -> list[Unit]:
    """移动、联通、电信白桦分公司, 教育、财政部门, 红星、东岗街道办事处: the last one's ending belongs to all."""
    restored: list[Unit] = []
    suffix = ""
    for unit in reversed(names):
        plain = squeezed(unit.said.plain)
        found = whole.match(plain)
        if not found and suffix and is_stem(plain):
            restored.append(structs.replace(unit, name=unit.name + suffix, restored=True))
            continue
        suffix = unit.name[found.start("suffix") :] if found else ""
        restored.append(unit)
    return restored[::-1]


def _restore_prefixes(names: list[Unit]) -> list[Unit]:
    restored: list[Unit] = []
    level = party = ""
    for unit in names:
        plain = squeezed(unit.name if unit.restored else unit.said.plain)
        prefix = ""
        found = LEVEL_NAME.match(plain)
        if found and (found["rest"] or found["party"]) and not GROUP_NAME.match(plain):
            level, party = found["level"], found["party"] or ""
        elif level and PARTY_BODIES.match(plain) and party:
            prefix = level + "委"
        elif level and ELIDABLE.match(plain) and not CENTRAL.search(plain):
            prefix = level
        restored.append(structs.replace(unit, name=prefix + unit.name, restored=True) if prefix else unit)
    return restored


def _restore_suffixes(names: list[Unit]) -> list[Unit]:
    suffix = ""
    restored: list[Unit] = []
    for unit in reversed(names):
        plain = squeezed(unit.said.plain)
        body = PLACE_BODY.match(plain)
        if body and not plain.startswith("各"):
            suffix = unit.name[-len(body["suffix"]) :]
            restored.append(unit)
        elif suffix and PLACE_ONLY.match(plain) and not plain.startswith(("各", "有关", "相关")):
            restored.append(structs.replace(unit, name=unit.name + suffix, restored=True))
        else:
            suffix = ""
            restored.append(unit)
    return restored[::-1]


def _unique(units: list[Unit]) -> list[Unit]:
    seen: dict[str, Unit] = {}
    for unit in units:
        seen.setdefault(unit.name, unit)
    return list(seen.values())
