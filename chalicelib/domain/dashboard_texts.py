"""What people read on the dashboard."""

DASHBOARD_TEXTS = {
    "zh-CN": {
        "word.level.park": "全园区",
        "word.level.region": "片区",
        "word.level.industry": "行业",
        "word.level.group": "片区行业",
        "word.level.enterprise": "企业",
        "word.level.unit": "生产单元",
        "word.level.own": "本人负责范围",
    },
    "en": {
        "word.level.park": "Whole park",
        "word.level.region": "Region",
        "word.level.industry": "Industry",
        "word.level.group": "Industry in a region",
        "word.level.enterprise": "Enterprise",
        "word.level.unit": "Production unit",
        "word.level.own": "Your own area",
    },
}
