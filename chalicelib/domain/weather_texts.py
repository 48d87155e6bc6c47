"""What people read of weather, wind and what is ahead, in both languages."""

from collections.abc import Mapping

WEATHER_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "notice.risk_upwind.title": "【{tier}级预警】{place}上风向存在耦合风险",
        "notice.risk_upwind.body": "上风向约 {distance} 公里处发生{tier}级耦合风险预警，按当前风速约 {minutes} 分钟可影响到{place}。请关注异味和监测数据，做好防护准备。",
        "notice.risk_nearby.title": "【{tier}级预警】{place}附近存在耦合风险",
        "notice.risk_nearby.body": "距{place}约 {distance} 公里处发生{tier}级耦合风险预警，当前静风或风况不明，四周均可能受影响。请关注异味和监测数据，做好防护准备。",
        "word.wind.blowing": "有风，影响下风向",
        "word.wind.calm": "静风，四周均可能受影响",
        "word.wind.unknown": "缺少风况数据，按四周均可能受影响处理",
        "word.foresight.skilful": "回测优于历史平均，概率可供参考",
        "word.foresight.no_skill": "回测未优于历史平均，仅显示历史平均",
        "word.foresight.thin": "历史数据不足（至少需要 {days} 天天气观测和 {events} 个出现预警的小时），仅显示历史平均",
        "word.foresight.unfitted": "尚未建立预测模型",
        "word.check.freeze": "预计最低气温 {minimum} ℃，低于 0 ℃ 共 {hours} 小时：请检查保温、伴热和排空，防止管道、设备冻裂后废水泄漏",
    },
    "en": {
        "notice.risk_upwind.title": "[Tier {tier}] coupled risk upwind of {place}",
        "notice.risk_upwind.body": "A coupled risk of tier {tier} was raised {distance} km upwind; at the present wind it may reach {place} in about {minutes} min. Watch for odours and your own readings, and be ready to protect people.",
        "notice.risk_nearby.title": "[Tier {tier}] coupled risk near {place}",
        "notice.risk_nearby.body": "A coupled risk of tier {tier} was raised {distance} km from {place}; it is calm or the wind is not known, so all around may be concerned. Watch for odours and your own readings, and be ready to protect people.",
        "word.wind.blowing": "the wind blows: what lies downwind is concerned",
        "word.wind.calm": "calm: all around may be concerned",
        "word.wind.unknown": "the wind is not known: all around may be concerned",
        "word.foresight.skilful": "better than the base rate in the back-test",
        "word.foresight.no_skill": "no better than the base rate in the back-test: only the base rate is shown",
        "word.foresight.thin": "not enough history (at least {days} days of observed weather and {events} hours with a warning): only the base rate is shown",
        "word.foresight.unfitted": "nothing was learnt yet",
        "word.check.freeze": "down to {minimum} degC, {hours} hours below 0 degC: check insulation, heat tracing and draining, so that no pipe or vessel bursts and leaks waste water",
    },
}
