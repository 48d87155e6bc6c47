"""What people read of the chain of material, in both languages."""

from collections.abc import Mapping

CHAIN_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "field.same_enterprise": "上下游须为不同企业，企业内部流向请在单元的 feeds 中登记：{detail}",
        "field.unknown_enterprise": "没有登记该企业：{detail}",
        "field.repeated": "重复项：{detail}",
        "field.shares_exceed": "同一单元同一物料的份额合计不得超过 1，其他链路已占 {detail}",
        "notice.chain_intake.title": "【来料超限】请停止接收{material}、检测库存",
        "notice.chain_intake.body": "{enterprise}供应的{material}，{subject}为 {value}，超过贵单位接收限值 {limit}，预计 {at} 前后进入{unit}。请立即停止接收，隔离并检测已有库存。",
        "notice.chain_farther.title": "【来料风险】请暂停接收{material}、检测库存",
        "notice.chain_farther.body": "上游物料超限，可能经{enterprise}供应的{material}影响{unit}，预计 {at} 前后到达。请暂停接收并检测库存，核实后再恢复。",
        "notice.chain_verify.title": "【链上核查】{enterprise} {unit}的{material}超限",
        "notice.chain_verify.body": "{at} {enterprise}{unit}的{material}，{subject}为 {value}，超过接收方限值 {limit}，已通知下游 {count} 家企业停止接收、检测库存。请核实并督促处置。",
        "notice.chain_case.title": "【链上任务】{enterprise} {unit}",
        "notice.chain_case.body": "物料“{subject}”可能超过接收限值，请按时限开展安全、环保联合核查。",
        "word.about.chain": "物料“{material}”可能超过接收限值，请核查来料、产品和库存",
        "word.chain.way": "份额 {share}，约 {minutes} 分钟后使用",
    },
    "en": {
        "field.same_enterprise": "A link joins two enterprises; within one, units feed each other by `feeds`: {detail}",
        "field.unknown_enterprise": "This enterprise is not registered: {detail}",
        "field.repeated": "Named more than once: {detail}",
        "field.shares_exceed": "The shares of one unit and material come to 1 at most; other links have {detail}",
        "notice.chain_intake.title": "[Intake over limit] stop taking in {material}, test your stock",
        "notice.chain_intake.body": "{subject} of the {material} from {enterprise} is {value}, over your limit of {limit}; expected at {unit} around {at}. Stop the intake at once, set your stock aside and test it.",
        "notice.chain_farther.title": "[Intake at risk] hold {material}, test your stock",
        "notice.chain_farther.body": "A material upstream is over a limit and may reach {unit} with the {material} from {enterprise}, around {at}. Hold the intake and test your stock until it is cleared.",
        "notice.chain_verify.title": "[Chain] verify {material} of {enterprise} {unit}",
        "notice.chain_verify.body": "At {at} {subject} of the {material} of {enterprise} {unit} was {value}, over the receiver's limit of {limit}. {count} enterprises downstream were told to stop their intake and test their stock. Verify it and see that it is dealt with.",
        "notice.chain_case.title": "[Chain task] {enterprise} {unit}",
        "notice.chain_case.body": "{subject} may be over what its receivers take. Look into it together, safety and environment, in time.",
        "word.about.chain": "{material} may be over what its receivers take: check intake, product and stock",
        "word.chain.way": "share {share}, used after about {minutes} min",
    },
}
