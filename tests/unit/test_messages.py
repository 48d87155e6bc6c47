"""Which language somebody reads, and what a notice says in it."""

import pytest

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.messages import choose_language, render_notice, text
from chalicelib.domain.notice import Notice, NoticeKind

PLACE = (("enterprise", "绿源化工"), ("unit", "R1"), ("tier", "2"), ("rule", "reactor-temperature-voc"))


def notice(kind: NoticeKind, *more: tuple[str, str]) -> Notice:
    return Notice("n-1", "p-1", kind, "t-1", "acme", 2, 0, params=(*PLACE, *more))


@pytest.mark.parametrize(
    ("header", "preferred", "language"),
    [
        pytest.param(None, None, "zh-CN", id="nothing said: zh-CN"),
        pytest.param("", "en", "en", id="nothing asked: as the person prefers"),
        pytest.param("fr, de;q=0.5", None, "zh-CN", id="none of ours: zh-CN"),
        pytest.param("fr", "en", "en", id="none of ours: as the person prefers"),
        pytest.param("en", "zh-CN", "en", id="the request goes before the person"),
        pytest.param("en-GB", None, "en", id="English of any country"),
        pytest.param("zh-TW", "en", "zh-CN", id="Chinese of any place"),
        pytest.param("ZH-cn", "en", "zh-CN", id="case does not matter"),
        pytest.param("en;q=0.5, zh;q=0.9", None, "zh-CN", id="the heavier wins"),
        pytest.param("en;q=0.9, zh;q=0.1", None, "en", id="whichever it is"),
        pytest.param("en ; q=0.2 , zh-CN", None, "zh-CN", id="blanks do not matter"),
        pytest.param("en, zh", None, "en", id="of equal weight the first"),
        pytest.param("en;q=0", None, "zh-CN", id="weight 0 means not this one"),
        pytest.param("en;q=heavy, zh", None, "zh-CN", id="a weight that is no number is not counted"),
        pytest.param("*", None, "zh-CN", id="anything: zh-CN"),
        pytest.param(";;;,,,q=;q=", "en", "en", id="garbage: as the person prefers"),
    ],
)
def test_the_language_of_a_request(header: str | None, preferred: str | None, language: str) -> None:
    assert choose_language(header, preferred) == language


def test_a_language_we_do_not_have_reads_zh_cn() -> None:
    assert text("problem.forbidden", "fr") == text("problem.forbidden", "zh-CN")


def test_a_text_fills_its_placeholders() -> None:
    assert text("refusal.unknown_point", "en", point="acme-voc") == "Point acme-voc is not registered"


def test_a_notice_names_the_rule_in_the_reader_s_language() -> None:
    title, body = render_notice(notice(NoticeKind.TASK_DISPATCHED), "zh-CN", shipped())
    assert title == "【2级预警】绿源化工 R1"
    assert body.startswith("反应釜超温与废气VOC耦合")
    assert render_notice(notice(NoticeKind.TASK_DISPATCHED), "en", shipped())[1].startswith("Reactor temperature")


@pytest.mark.parametrize(
    ("kind", "more", "chinese", "english"),
    [
        (NoticeKind.SIDE_SUBMITTED, ("side", "safety"), "安全", "safety"),
        (NoticeKind.TASK_OVERDUE, ("deadline", "finish"), "办结", "finish"),
        (NoticeKind.PHOTO_REFUSED, ("reason", "hash_mismatch"), "校验值", "checksum"),
    ],
)
def test_a_notice_says_codes_in_words(kind: NoticeKind, more: tuple[str, str], chinese: str, english: str) -> None:
    assert chinese in render_notice(notice(kind, more), "zh-CN", shipped())[1]
    assert english in render_notice(notice(kind, more), "en", shipped())[1]


def test_what_a_person_wrote_is_said_as_it_is() -> None:
    reason = "照片 {rule} 不清楚"
    _, body = render_notice(
        notice(NoticeKind.SIDE_REJECTED, ("side", "safety"), ("reason", reason)), "zh-CN", shipped()
    )
    assert reason in body


def test_a_rule_that_the_catalogue_no_longer_has_is_named_by_its_id() -> None:
    gone = Notice("n", "p", NoticeKind.TASK_DISPATCHED, "t", "acme", 2, 0, params=(*PLACE[:3], ("rule", "old-rule")))
    assert "old-rule" in render_notice(gone, "zh-CN", shipped())[1]
