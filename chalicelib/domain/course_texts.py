"""What people read of training, in both languages."""

from collections.abc import Mapping

COURSE_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "problem.attempts_spent": "今天的答题次数已用完，请明天再试",
        "field.unknown_question": "课程中没有这道题：{detail}",
        "field.unknown_option": "这道题没有该选项：{detail}",
        "field.wrong_right": "单选题和判断题须有且只有一个正确选项，多选题至少两个，且都须在选项之中：{detail}",
        "notice.course_assigned.title": "【培训】请学习《{course}》",
        "notice.course_assigned.body": "请在 {due} 前完成《{course}》的学习和测试，达到 {mark} 分为合格。",
        "notice.course_due.title": "【培训提醒】《{course}》即将到期",
        "notice.course_due.body": "请在 {due} 前通过《{course}》（{mark} 分合格），以免逾期。",
        "notice.course_overdue.title": "【培训逾期】《{course}》",
        "notice.course_overdue.body": "《{course}》应于 {due} 前通过，目前仍未通过，已影响企业评分。请尽快完成学习和测试。",
        "word.cause.training": "培训",
        "word.repair.training": "按期组织应训人员学习并通过测试；通过即加分，评分按月重新计算",
        "word.standing_of_course.passed": "已通过",
        "word.standing_of_course.due": "待完成",
        "word.standing_of_course.overdue": "已逾期",
    },
    "en": {
        "problem.attempts_spent": "Today's attempts are used up; try again tomorrow",
        "field.unknown_question": "The course has no such question: {detail}",
        "field.unknown_option": "The question has no such option: {detail}",
        "field.wrong_right": "One option is right where one is to be chosen or it is true or false, two or more of several, each of them one of the options: {detail}",
        "notice.course_assigned.title": "[Training] please take '{course}'",
        "notice.course_assigned.body": "Work through '{course}' and pass its test by {due}; {mark} per cent is a pass.",
        "notice.course_due.title": "[Training] '{course}' is due soon",
        "notice.course_due.body": "Please pass '{course}' by {due} ({mark} per cent is a pass), before it is overdue.",
        "notice.course_overdue.title": "[Training overdue] {course}",
        "notice.course_overdue.body": "'{course}' was to be passed by {due} and is not yet, which has cost your enterprise points. Please take it soon.",
        "word.cause.training": "training",
        "word.repair.training": "See that all who are to take a course pass it in time; a pass earns points, and a new month begins without the deduction",
        "word.standing_of_course.passed": "passed",
        "word.standing_of_course.due": "to be taken",
        "word.standing_of_course.overdue": "overdue",
    },
}
