"""What people read about statistics for outsiders, in both languages."""

from collections.abc import Mapping

PRIVACY_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "problem.privacy_budget_spent": "该接收方的隐私预算不足，不能再发布",
        "field.month_not_over": "该月尚未结束",
        "field.no_months": "该数据集不按月统计",
        "word.data_set.enterprises": "在册企业",
        "word.data_set.warnings": "当月预警",
        "word.data_set.tasks": "当月下达的任务",
        "word.statistic.enterprises": "在册企业数",
        "word.statistic.enterprises_by_industry": "各行业在册企业数",
        "word.statistic.warnings": "预警次数",
        "word.statistic.warned_by_industry": "各行业发生预警的企业数",
        "word.statistic.warned_by_tier": "按最高预警级别统计的企业数",
        "word.statistic.tasks": "任务数",
        "word.statistic.overdue_minutes": "任务逾期总时长（分钟）",
        "word.statistic.tasked_by_industry": "各行业有任务的企业数",
    },
    "en": {
        "problem.privacy_budget_spent": "Too little of the recipient's privacy budget is left for this release",
        "field.month_not_over": "The month is not over yet",
        "field.no_months": "This data set has no months",
        "word.data_set.enterprises": "Registered enterprises",
        "word.data_set.warnings": "Warnings of a month",
        "word.data_set.tasks": "Tasks opened in a month",
        "word.statistic.enterprises": "Registered enterprises",
        "word.statistic.enterprises_by_industry": "Registered enterprises by industry",
        "word.statistic.warnings": "Warnings",
        "word.statistic.warned_by_industry": "Enterprises with warnings, by industry",
        "word.statistic.warned_by_tier": "Enterprises by the highest tier of their warnings",
        "word.statistic.tasks": "Tasks",
        "word.statistic.overdue_minutes": "Minutes that tasks were overdue, in all",
        "word.statistic.tasked_by_industry": "Enterprises with tasks, by industry",
    },
}
