"""Words of laboratories' reports: what indicators, units and columns are called there, in Chinese and English."""

import re
import unicodedata
from collections.abc import Mapping

# By HJ 212 code, what reports call the pollutant besides the catalogue's own name.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "w01018": ("化学需氧量", "CODcr", "COD"),
    "w21003": ("氨氮", "NH3-N"),
    "a24088": ("非甲烷总烃", "NMHC"),
    "a21026": ("二氧化硫", "SO2"),
    "a21002": ("氮氧化物", "NOx"),
    "a34013": ("颗粒物", "低浓度颗粒物", "烟尘", "粉尘"),
    "a21028": ("硫化氢", "H2S"),
    "a34004": ("PM2.5", "细颗粒物"),
}
# By UCUM code, how units are written.
UNITS: Mapping[str, tuple[str, ...]] = {
    "mg/m3": ("mg/m3", "mg/Nm3", "mg/立方米", "毫克/立方米", "mg·m-3"),
    "ug/m3": ("ug/m3", "微克/立方米"),
    "g/m3": ("g/m3", "克/立方米"),
    "mg/L": ("mg/L", "毫克/升"),
    "ug/L": ("ug/L", "微克/升"),
    "g/L": ("g/L", "克/升"),
    "Cel": ("℃", "°C", "摄氏度"),
    "kPa": ("kPa", "千帕"),
    "MPa": ("MPa", "兆帕"),
    "Pa": ("Pa", "帕"),
    "bar": ("bar",),
    "mm/s": ("mm/s", "毫米/秒"),
    "m3/h": ("m3/h", "Nm3/h", "立方米/小时"),
    "L/s": ("L/s", "升/秒"),
    "kg/h": ("kg/h", "千克/小时"),
    "t/h": ("t/h", "吨/小时"),
    "kW": ("kW", "千瓦"),
    "dB": ("dB(A)", "dB", "分贝"),
    "%{LEL}": ("%LEL",),
    "[ppm]": ("ppm",),
    "%": ("%",),
}
LABEL_HEADS = (
    "检测项目",
    "监测项目",
    "检验项目",
    "测定项目",
    "项目",
    "参数",
    "污染物",
    "indicator",
    "item",
    "parameter",
    "analyte",
)
RESULT_HEADS = (
    "检测结果",
    "监测结果",
    "检验结果",
    "测定结果",
    "排放浓度",
    "实测浓度",
    "结果",
    "测定值",
    "监测值",
    "检测值",
    "result",
    "value",
)
UNIT_HEADS = ("单位", "计量单位", "unit", "units")
DETECTION_HEADS = ("检出限", "detection limit")
LIMIT_HEADS = ("限值", "标准", "limit", "standard", "结论", "评价", "判定", "检出限", "方法", "method")
BELOW = ("未检出", "nd", "n.d.", "低于检出限")


def folded(text: str) -> str:
    """Without what makes no difference: full width, superscripts, case, kinds of dashes and of micro signs, blanks but for one between two
    Latin words or numbers."""
    plain = unicodedata.normalize("NFKC", text).replace("µ", "u").replace("μ", "u")
    single = re.sub(r"\s+", " ", re.sub("[‐‑‒–—−]", "-", plain)).strip().lower()
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", single)


_UNITS = {folded(word): code for code, words in UNITS.items() for word in words}
_LONGEST_FIRST = sorted(_UNITS, key=lambda word: (-len(word), word))
# Not within a word: "pa" of "parameter" is no pascal.
_UNIT = re.compile(rf"(?<![a-z])(?:{'|'.join(re.escape(word) for word in _LONGEST_FIRST)})(?![a-z0-9])")


def unit_in(text: str) -> tuple[str, str]:
    """(UCUM code, as it is written) of the first unit in a text; two empty texts where there is none."""
    found = _UNIT.search(folded(text))
    return ("", "") if found is None else (_UNITS[found[0]], found[0])


def without_units(text: str) -> str:
    """A text, folded before, without its units, whose digits are no values."""
    return _UNIT.sub(" ", text)


def is_head(text: str, heads: tuple[str, ...]) -> bool:
    """Whether a cell is the heading of such a column, with a unit in brackets or without."""
    bare = re.sub(r"[(（\[].*$", "", folded(text))
    return any(bare == folded(head) for head in heads)
