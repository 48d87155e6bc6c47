"""What people read of the chain of material, in both languages."""

from collections.abc import Mapping

CHAIN_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "field.same_enterprise": "上下游须为不同企业，企业内部流向请在单元的 feeds 中登记：{detail}",
        "field.unknown_enterprise": "没有登记该企业：{detail}",
        "field.repeated": "重复项：{detail}",
        "field.shares_exceed": "同一单元同一物料的份额合计不得超过 1，其他链路已占 {detail}",
        "word.chain.way": "份额 {share}，约 {minutes} 分钟后使用",
    },
    "en": {
        "field.same_enterprise": "A link joins two enterprises; within one, units feed each other by `feeds`: {detail}",
        "field.unknown_enterprise": "This enterprise is not registered: {detail}",
        "field.repeated": "Named more than once: {detail}",
        "field.shares_exceed": "The shares of one unit and material come to 1 at most; other links have {detail}",
        "word.chain.way": "share {share}, used after about {minutes} min",
    },
}
