"""The renamings that every office meets in its documents: what the directory of a new installation starts with.

Days are those on which the change was decided or the first offices took the new name: the reforms of the State Council
of 2003, 2008, 2013, 2018 and 2023, which provinces, cities and counties followed within a year, and the foundings of
the offices named beside. Where bodies kept an old name, the directory has them by it, and no renaming is asked.
An entry: day, old names → new names; of the new ones the first that a directory has is meant. Two entries of one day
with the same old name say that its work went to both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from taskboard.domain.renamings import Renaming, split_list

TABLE = """
# the reforms of 2003 and 2008
2003-03-10 计划委员会、计委、发展计划委员会、发展计划局
    → 发展和改革委员会、发展和改革局
2003-03-10 对外贸易经济合作局、对外贸易经济合作厅、外经贸局、外经贸厅、外经贸委
    → 商务局、商务厅、商务委员会
2008-03-15 经济委员会、经委、经济贸易委员会、经贸委、经济贸易局、经贸局
    → 经济和信息化委员会、经济和信息化局
2008-03-15 信息产业局、信息产业厅、信息化办公室
    → 经济和信息化委员会、经济和信息化局
2008-03-15 人事局、人事厅、劳动和社会保障局、劳动和社会保障厅、劳动保障局、劳动保障厅
    → 人力资源和社会保障局、人力资源和社会保障厅
2008-03-15 建设局、建设厅、建设委员会、建委、城乡建设局、城乡建设委员会、城乡建委
    → 住房和城乡建设局、住房和城乡建设厅、住房和城乡建设委员会

# the reform of 2013
2013-03-14 卫生局、卫生厅
    → 卫生和计划生育委员会、卫生和计划生育局
2013-03-14 人口和计划生育委员会、人口计生委、计划生育委员会、计生委
    → 卫生和计划生育委员会、卫生和计划生育局
2013-03-14 人口和计划生育局、人口计生局、计划生育局、计生局
    → 卫生和计划生育局、卫生和计划生育委员会

# the reform of 2018
2018-03-17 经济和信息化委员会、经济和信息化局、经济和信息化厅、工业和信息化委员会
    → 工业和信息化局、工业和信息化厅
2018-03-17 国土资源局、国土局、国土资源厅、国土厅、国土资源和规划局
    → 自然资源和规划局、规划和自然资源局、自然资源局、自然资源厅、规划和自然资源委员会
2018-03-17 规划局、城乡规划局、规划委员会、国土资源和房屋管理局、国土房管局
    → 自然资源和规划局、规划和自然资源局、自然资源局、规划和自然资源委员会
2018-03-17 林业局、林业厅
    → 林业和草原局、林业草原局、自然资源和规划局、自然资源局
2018-03-17 环境保护局、环保局、环境保护厅、环保厅
    → 生态环境局、生态环境厅
2018-03-17 农业委员会、农委、农业局、农业厅、农牧局、农牧厅、畜牧局、畜牧兽医局
    → 农业农村局、农业农村厅、农业农村委员会
2018-03-17 农村工作办公室、农办、农工办、委农工办
    → 委农办、委农村工作办公室、农业农村局、农业农村厅
2018-03-17 文化局、文化厅、文化委员会、文化广电新闻出版局、文广新局、文化广播影视新闻出版局、文体广电新闻出版局
    → 文化和旅游局、文化和旅游厅、文化广电旅游局、文化广电旅游体育局、文化体育和旅游局、文化旅游委员会
2018-03-17 旅游局、旅游发展委员会、旅发委、旅游委员会、旅游委
    → 文化和旅游局、文化和旅游厅、文化广电旅游局、文化广电旅游体育局、文化体育和旅游局、文化旅游委员会
2018-03-17 新闻出版广电局、广播电影电视局
    → 广播电视局、文化广电旅游局、文化广电旅游体育局
2018-03-17 新闻出版广电局、新闻出版局、版权局
    → 委宣传部
2018-03-17 卫生和计划生育委员会、卫生和计划生育局
    → 卫生健康委员会、卫生健康局
2018-03-17 安全生产监督管理局、安全监管局、安监局、安全生产监督管理办公室
    → 应急管理局、应急管理厅
2018-03-17 工商行政管理局、工商管理局、工商局、工商质监局、工商和质量监督管理局
    → 市场监督管理局
2018-03-17 质量技术监督局、质量监督局、质监局、市场和质量监督管理局、市场和质量监督管理委员会
    → 市场监督管理局
2018-03-17 食品药品监督管理局、食品药品监管局、食药监局、食药局
    → 市场监督管理局
2018-03-17 知识产权局
    → 市场监督管理局
2018-03-17 物价局
    → 发展和改革委员会、发展和改革局
2018-03-17 物价局
    → 市场监督管理局
2018-03-17 粮食局
    → 粮食和物资储备局、发展和改革委员会、发展和改革局
2018-03-17 法制办公室、政府法制办公室、法制局
    → 司法局、司法厅
2018-03-17 监察局、监察厅
    → 监察委员会、监委、纪委监委
2018-03-17 外国专家局
    → 科学技术局、科学技术厅、科学技术委员会
2018-03-17 外事侨务办公室、外侨办、外事侨务局
    → 外事办公室、委外办
2018-03-17 侨务办公室、侨办
    → 委统战部
2018-03-17 编办、机构编制委员会办公室、审改办、行政审批制度改革办公室
    → 委编办
2018-03-17 网信办、互联网信息办公室
    → 委网信办
2018-03-17 综治办、社会治安综合治理委员会办公室、维稳办
    → 委政法委
2018-03-17 城市管理行政执法局、城市管理综合执法局、城管执法局
    → 城市管理局、城市管理委员会、综合行政执法局
# the joint tax offices of the provinces opened on 15 June 2018
2018-06-15 国家税务局、国税局、国税、地方税务局、地税局、地税
    → 税务局

# finance: the local offices of the banking and insurance supervision (2018), of the National Financial Regulatory
# Administration (July 2023) and of the central bank (August 2023); finance offices of the party committees
2018-12-17 银监局、银监分局、银监会*监管分局、保监局、保监分局、保监会*监管分局
    → 银保监局、银保监分局、银保监会*监管分局
2023-07-20 银保监局、银保监分局、银保监会*监管局、银保监会*监管分局、中国银保监会*监管局、
    中国银保监会*监管分局、中国银行保险监督管理委员会*监管分局
    → 国家金融监督管理总局*监管局、国家金融监督管理总局*监管分局、金融监管局、金融监管分局
2023-08-18 人民银行*中心支行、人民银行中心支行
    → 人民银行*分行、人民银行分行
2018-10-01 金融工作办公室、金融办、金融服务办公室、政府金融办、政府金融工作办公室
    → 地方金融监督管理局、金融工作局、金融局
2023-10-30 地方金融监督管理局、金融工作局、金融局
    → 委金融办、委金融委员会办公室、地方金融管理局

# the countryside and data
2021-02-25 扶贫开发办公室、扶贫办、扶贫开发局、扶贫局
    → 乡村振兴局
2023-03-10 乡村振兴局
    → 农业农村局、农业农村厅、农业农村委员会
2023-10-25 大数据局、大数据管理局、大数据发展局、大数据发展管理局、大数据中心
    → 数据局、数据管理局、政务服务和数据局、政务服务和数据管理局
2023-10-25 政务服务数据管理局
    → 政务服务和数据管理局、政务服务和数据局、数据局
2023-03-10 人民防空办公室、民防局、民防办公室
    → 国防动员办公室
"""


ENTRY = re.compile(r"^(?P<day>\d{4}-\d\d-\d\d) (?P<old>[^→]+)→(?P<new>.+(?:\n +.+)*)", re.MULTILINE)


def known_renamings() -> Iterator[tuple[str, Renaming]]:
    """Each renaming with a name by which it is known again in later versions."""
    for entry in ENTRY.finditer(TABLE):
        renaming = Renaming(split_list(entry["old"]), split_list(entry["new"]), date.fromisoformat(entry["day"]))
        yield f"{entry['day']} {renaming.old[0]} {renaming.new[0]}", renaming
