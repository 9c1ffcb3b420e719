"""Lines that belong to a web page or a printed page and not to the document."""

from __future__ import annotations

import re

PAGE_NUMBER = re.compile(
    r"^[\s—\-·.–_~]*(?:[Pp]age\s?\d{1,4}(?:\s?(?:of|/)\s?\d{1,4})?|[\[(]?第\s?\d{1,4}\s?页[\])]?(?:[\s/,]*共\s?\d{1,4}\s?页)?|\d{1,4}|\d{1,3}\s?/\s?\d{1,3})[\s—\-·.–_~]*$"
)
SITE_FRAME = re.compile(
    r"(?=[您今当所首网I公版Cc扫上下浏点阅访字\[大分打关无长责免相还支联政加设手收纠*微繁登•展返])(?:您现在的位置|^(?:您好,)?今天是|当前位置|您的位置|所在位置|首页\s*[>»›/|-]|网站标识码|ICP备|公网安备|版权所有|Copyright|copyright|扫一扫|^上一篇|^下一篇|上一条|下一条|浏览次数|点击[数量率]|阅读次数|访问量"
    r"|字体\s?[:\[]|\[\s?字体|字号\s?:|\[?大\s?中\s?小\]|分享到|打印本页|关闭窗口|\[打印\]|\[关闭\]|无障碍(?:浏览|阅读)|长者模式|责任编辑|免责声明|^相关(?:阅读|推荐|文档|链接|新闻|文章|信息|附件下载)"
    r"|上传人|还剩\d+页|支持IPv6|IPv6(?:网络|网站)?(?:支持|已支持)|网站地图|联系我们|政务微信|加入收藏|设为首页|政府网站找错|手机版|^打印$|^关闭$|^分享$|^收藏$|^纠错$|^\*?\s?微博$|^微信$|繁体版|登录\s注册|^•.{0,10}$|^收起$|^展开全文|下载文档|^返回顶部)"
)
"""what each begins with stands first, so that most characters are passed over at once"""
FRAME_WORDS = re.compile(
    r"(?:[\s|/\[\]【】·>»]*(?:打印(?:本页|此页|文章)?|关闭(?:窗口|本页)?|返回(?:顶部|首页|列表|上级)?|分享|收藏(?:本页)?|复制链接|字号|[大中小]|首页"
    r"|上一[页篇]|下一[页篇]|微信|微博|(?:我要)?纠错|回到顶部|保存|下载|推荐|评论|转发))+[\s|/\[\]【】·>»]*$"
)
"""打印 | 关闭 | 返回顶部: a line of nothing but the buttons of a page"""
WORD_REMARK = re.compile(
    r"^[(\[]?(?:此件(?:主动|依申请|不予)?公开(?:发布)?|此文?件公开|(?:下转|上接)第?\s?\d{1,3}\s?[版页]\s?[)\]]?\s*$|本页无正文|信息公开(?:选项|类别))"
)
METADATA = re.compile(
    r"^(?:索\s?引\s?号|主题分类|主题词|发布机构|发文机关|发文单位|成文日期|文件日期|填报日期|制表日期|填表日期|发文日期|发布日期|发布时间|生成日期|发文字号|文\s{0,4}号|有\s{0,4}效\s{0,4}性|信息来源|来源|信息分类|公开方式|公文种类|体裁分类|关\s?键\s?词|公开目录|公开日期|公开形式|生效日期|废止日期|时间(?!\s*\|\s*$)|失效日期|组配分类|发布人(?!\s?:[^|]{2,40}[长任记席员]\s)|审核人|作者|编辑)\s*[:|]"
)
ATTACHED_LIST = re.compile(r"^附\s?件\s?\d{0,2}\s?:\s?\S")
CONTACT = re.compile(
    r"^\(?(?:联\s?系\s?人|联系电话|联系方式|电\s?话|传\s?真|邮\s?箱|电子邮箱|监督电话|邮政编码|通讯地址)\s?[:及]"
)
DISTRIBUTION = re.compile(r"^(?:抄送|主送|抄报|分送|印发机关)\s?[:]")
PRINTED_BY = re.compile(r".{2,30}(?:办公室|办公厅|秘书科|综合科)\s+\d{4}年\d{1,2}月\d{1,2}日印发$")
INLINE_PAGE_NUMBER = re.compile(
    r"(?<=[\u4e00-\u9fff、,])\s?(?:—\s?\d{1,3}\s?—|·\s?\d{1,3}\s?·)\s?(?=[\u4e00-\u9fff、,])"
)
FIGURES_APART = re.compile(r"(?<![\d.])(?<!\d )(?:1 9|2 0) \d \d(?= ?年)|(?:(?<=[年月])|(?<=[年月] ))\d \d(?= ?[月日])")
"""2 0 2 1 年 1 2 月 3 0 日: the figures of a day in a letter-spaced line"""
RUNNING_HEAD = re.compile(
    r"^[\u4e00-\u9fff“”《》()]{4,30}\s+(?:[·—-]\s?\d{1,3}\s?[·—-]|(?:19|20)\d\d年第\s?\d{1,3}期)\s*$"
    r"|^[\u4e00-\u9fff“”《》]{6,30}(?:办公室|办公厅|人民政府|委员会|领导小组|指挥部|公报|文件)\s+\d{1,3}\s*$"
)
"""the name of the paper or its issuer with the number of the page or issue, at the head or foot of every page"""
DIVIDER = re.compile(r"^[\s\-=_*·•—~.+\u2500-\u257f]{3,}$")
"""a line of strokes, of stars, or of the frame of a table (├──┼──┤)"""


def is_noise(plain: str) -> bool:
    """Whether a line is a page number, a part of a web page's frame, a remark or a line of contacts."""
    line = plain.strip()
    if not line:
        return True
    if len(line) > 160:
        return False
    if any(pattern.match(line) for pattern in (WORD_REMARK, METADATA, CONTACT, DISTRIBUTION, DIVIDER)):
        return True
    if ends_page(line):
        return True
    return (
        bool(SITE_FRAME.search(line))
        or bool(FRAME_WORDS.match(line))
        or (line.endswith("日印发") and bool(PRINTED_BY.search(line)))
    )


def noise_inside(plain: str) -> list[tuple[int, int]]:
    """Where in a line numbers of pages stand, and spaces inside the figures of a day."""
    noise: list[tuple[int, int]] = []
    if "—" in plain or "·" in plain:
        noise += [found.span() for found in INLINE_PAGE_NUMBER.finditer(plain)]
    if " 年" in plain or " 月" in plain or " 日" in plain:
        for found in FIGURES_APART.finditer(plain):
            noise += [(n, n + 1) for n in range(*found.span()) if plain[n] == " "]
    return sorted(noise)


def ends_page(plain: str) -> bool:
    """Whether a line is the number, the head or the foot of a printed page, where a sentence may be cut in two."""
    line = plain.strip()
    return bool(PAGE_NUMBER.match(line) or RUNNING_HEAD.match(line))


def is_attached_list(plain: str) -> bool:
    """附件：1.重点任务清单, the first line of a list of attachments."""
    return bool(ATTACHED_LIST.match(plain.strip()))
