"""Evidence: photos from announcement to verdict, retests in the indicator's own unit, rectifications with their photos."""

from typing import Any

import pytest

from chalicelib.adapters.memory_media import MemoryMediaStore, UploadRefused
from chalicelib.domain.photo import MAX_BYTES, RefusalReason
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_photo import on_photo
from chalicelib.ports import UploadTicket
from tests.acts import JPEG, FakeInspector, client_id, photo_body, retest_body, submits, the_task
from tests.park import Park

HOT = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}


@pytest.fixture
def inspector() -> FakeInspector:
    return FakeInspector()


@pytest.fixture
def park(inspector: FakeInspector) -> Park:
    park = Park(inspector=inspector).register()
    park.runs_hot(**HOT)
    return park


def media(park: Park) -> MemoryMediaStore:
    assert isinstance(park.services.media, MemoryMediaStore)
    return park.services.media


def tid(park: Park) -> str:
    return str(the_task(park)["id"])


def announce(park: Park, number: int = 1, side: str = "safety", *, who: str = "inspector_safety", expect: int = 201, **changes: Any) -> dict[str, Any]:  # fmt: skip
    return park.as_(who).post(f"/v1/tasks/{tid(park)}/photos", photo_body(number, side, **changes), expect=expect)


def upload(park: Park, announced: dict[str, Any], data: bytes = JPEG) -> str:
    """What the phone does with its ticket. Returns the key under which the photo landed."""
    given = announced["upload"]
    ticket = UploadTicket(given["url"], given["fields"], park.clock.ms + 1)
    return media(park).upload(ticket, data, now_ms=park.clock.ms)


def lands(park: Park, announced: dict[str, Any], data: bytes = JPEG) -> dict[str, Any]:
    """The photo as it stands once its bytes have landed and were looked at."""
    key = f"incoming/{announced['task_id']}/{announced['id']}"
    media(park).write(key, data, content_type="image/jpeg")
    park.photo_lands(key)
    return park.as_("department_safety").get(f"/v1/tasks/{announced['task_id']}/photos/{announced['id']}")


def retest(park: Park, *, expect: int = 201, **changes: Any) -> dict[str, Any]:
    body = retest_body(1, "safety", **changes)
    return park.as_("inspector_safety").post(f"/v1/tasks/{tid(park)}/retests", body, expect=expect)


# photos


def test_a_photo_is_announced_uploaded_and_verified(park: Park) -> None:
    announced = announce(park)
    assert announced["state"] == "expected" and announced["upload"]["expires_at"] > announced["announced_at"]
    park.photo_lands(upload(park, announced))
    photo = park.as_("department_safety").get(f"/v1/tasks/{tid(park)}/photos/{announced['id']}")
    assert (photo["state"], photo["width_px"], photo["height_px"]) == ("verified", 4032, 3024)
    assert (photo["taken_at"], photo["position"]["latitude"]) == ("2026-03-02T10:00:30.000+08:00", 31.2304)
    assert set(photo["links"]) == {"480", "1600", "original"} and "upload" not in photo
    derived = {key for key in media(park).objects if key.startswith("derived/")}
    assert derived == {f"derived/{tid(park)}/{announced['id']}/{edge}.jpg" for edge in (480, 1600)}


def test_the_original_that_was_judged_is_for_those_who_judge_and_for_whoever_took_it(park: Park) -> None:
    announced = announce(park)
    path = f"/v1/tasks/{tid(park)}/photos/{announced['id']}"
    key = upload(park, announced)
    park.photo_lands(key)
    has = {who: "original" in park.as_(who).get(path)["links"] for who in ("department_environment", "committee", "inspector_environment", "enterprise")}  # fmt: skip
    assert has == {"department_environment": True, "committee": True, "inspector_environment": False, "enterprise": False}  # fmt: skip
    media(park).write(key, b"put over it", content_type="image/jpeg")
    park.photo_lands(key)
    assert park.as_("inspector_safety").get(path)["links"]["original"].endswith(f"{key}?expires_s=900&versionId=1")


def inbox(park: Park, who: str) -> list[str]:
    park.pump()
    return [one["kind"] for one in park.as_(who).get("/v1/inbox")["items"]]


def minute_passes(park: Park, seconds: float = 60) -> None:
    park.clock.advance(seconds)
    on_clock(park.services)


def test_a_photo_that_has_not_come_in_two_hours_is_missed_once_and_by_its_owner_only(park: Park) -> None:
    announced = announce(park)
    minute_passes(park, 7199)
    assert "photo_missing" not in inbox(park, "inspector_safety")
    minute_passes(park, 1)
    minute_passes(park)
    told = {who: inbox(park, who).count("photo_missing") for who in ("inspector_safety", "inspector_environment")}
    assert told == {"inspector_safety": 1, "inspector_environment": 0}
    assert lands(park, announced)["state"] == "verified"


def test_a_photo_that_came_is_not_missed(park: Park) -> None:
    lands(park, announce(park))
    minute_passes(park, 8000)
    assert "photo_missing" not in inbox(park, "inspector_safety")


def test_who_is_behind_is_told_when_the_other_side_is_handed_in(park: Park) -> None:
    lands(park, announce(park))
    submits(park, the_task(park), "safety")
    assert "side_behind" in inbox(park, "inspector_environment")
    assert "side_behind" not in inbox(park, "inspector_safety")
    lands(park, announce(park, 2, "environment", who="inspector_environment"))
    submits(park, the_task(park), "environment")
    assert "side_behind" not in inbox(park, "inspector_safety")


def test_a_verified_photo_is_evidence_enough_to_submit(park: Park) -> None:
    announced = announce(park)
    assert submits(park, the_task(park), "safety", expect=409)["code"] == "evidence_missing"
    lands(park, announced)
    assert submits(park, the_task(park), "safety")["safety"]["state"] == "submitted"


def test_a_photo_of_one_side_is_no_evidence_of_the_other(park: Park) -> None:
    lands(park, announce(park, side="safety"))
    assert submits(park, the_task(park), "environment", expect=409)["side"] == "environment"


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_photo_is_refused_with_its_reason_and_its_sender_is_told(
    park: Park, inspector: FakeInspector, reason: RefusalReason
) -> None:
    inspector.reason = reason
    photo = lands(park, announce(park))
    assert (photo["state"], photo["reason"]) == ("refused", reason.value)
    assert photo["reason_text"] and "links" not in photo
    assert not [key for key in media(park).objects if key.startswith("derived/")]
    told = {who: park.as_(who).get("/v1/inbox")["items"] for who in ("inspector_safety", "inspector_environment")}
    assert ["photo_refused" in {notice["kind"] for notice in notices} for notices in told.values()] == [True, False]
    assert photo["reason_text"] in next(n["body"] for n in told["inspector_safety"] if n["kind"] == "photo_refused")
    assert submits(park, the_task(park), "safety", expect=409)["code"] == "evidence_missing"


def test_bytes_that_are_not_those_announced_are_refused(park: Park) -> None:
    assert lands(park, announce(park), b"other bytes")["reason"] == "hash_mismatch"


def test_a_file_beyond_all_bounds_is_refused_unread(park: Park) -> None:
    assert lands(park, announce(park), b" " * (MAX_BYTES + 1))["reason"] == "size_mismatch"


@pytest.mark.parametrize(
    "data", [JPEG + b"more", JPEG[:-1], b"x" * len(JPEG)], ids=["too long", "too short", "other bytes"]
)
def test_a_ticket_takes_the_announced_bytes_only(park: Park, data: bytes) -> None:
    announced = announce(park)
    with pytest.raises(UploadRefused):
        upload(park, announced, data)


def test_a_photo_that_lands_twice_is_judged_once(park: Park, inspector: FakeInspector) -> None:
    announced = announce(park)
    first = lands(park, announced)
    inspector.reason = RefusalReason.UNREADABLE
    park.clock.advance(60)
    assert lands(park, announced, b"other bytes") == first
    assert inspector.looks == 1


def test_a_photo_that_was_refused_stays_refused(park: Park) -> None:
    announced = announce(park)
    refused = lands(park, announced, b"other bytes")
    assert lands(park, announced) == refused
    assert "upload" not in announce(park)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("incoming/t-nothing/0199f3a0-7c1e-7b52-9d53-000000000001", id="of a task that does not exist"),
        pytest.param("incoming/{task}/0199f3a0-7c1e-7b52-9d53-000000000099", id="of a photo nobody announced"),
        pytest.param("derived/{task}/0199f3a0-7c1e-7b52-9d53-000000000001/480.jpg", id="of a derivative"),
        pytest.param("somewhere else", id="of something else"),
    ],
)
def test_an_object_nobody_announced_changes_nothing(park: Park, key: str) -> None:
    announce(park)
    before = park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/evidence")
    key = key.format(task=tid(park))
    media(park).write(key, JPEG, content_type="image/jpeg")
    objects = set(media(park).objects)
    park.photo_lands(key)
    assert (
        park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/evidence") == before and set(media(park).objects) == objects
    )


def test_an_object_that_is_gone_before_we_look_stops_nothing(park: Park) -> None:
    announced = announce(park)
    park.photo_lands(f"incoming/{tid(park)}/{announced['id']}")
    assert park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/photos/{announced['id']}")["state"] == "expected"
    assert lands(park, announced)["state"] == "verified"


def test_the_test_event_of_s3_is_no_photo(park: Park) -> None:
    record = {"messageId": "m", "body": '{"Service": "Amazon S3", "Event": "s3:TestEvent"}'}
    assert on_photo({"Records": [record]}, park.services) == {"batchItemFailures": []}


def test_announcing_again_gives_a_new_ticket_until_the_photo_has_landed(park: Park) -> None:
    first = announce(park)
    park.clock.advance(600)
    second = announce(park)
    assert (
        second["announced_at"] == first["announced_at"]
        and second["upload"]["expires_at"] > first["upload"]["expires_at"]
    )
    lands(park, first)
    assert "upload" not in announce(park) and announce(park)["state"] == "verified"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sha256": "0" * 64}, id="another file"),
        pytest.param({"size": 1}, id="another size"),
        pytest.param({"content_type": "image/png"}, id="another type"),
        pytest.param({"dimension": "environment"}, id="another side"),
    ],
)
def test_the_same_photo_id_with_other_content_is_refused(park: Park, changes: dict[str, Any]) -> None:
    announce(park)
    problem = announce(park, expect=409, **changes)
    assert (problem["code"], problem["id"]) == ("content_conflict", client_id(1))


def test_the_photo_id_of_another_person_is_refused(park: Park) -> None:
    announce(park)
    assert announce(park, who="inspector_environment", expect=409)["code"] == "content_conflict"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"size": 0}, "size", "at_least", id="an empty file"),
        pytest.param({"size": MAX_BYTES + 1}, "size", "at_most", id="too large a file"),
        pytest.param({"size": "17"}, "size", "invalid", id="a size written as text"),
        pytest.param({"content_type": "image/gif"}, "content_type", "one_of", id="a type we do not take"),
        pytest.param({"sha256": "A" * 64}, "sha256", "pattern", id="a checksum in capitals"),
        pytest.param({"id": "photo-1"}, "id", "pattern", id="an id that is neither UUID nor ULID"),
    ],
)
def test_a_photo_that_cannot_be_is_refused_at_once(park: Park, changes: dict[str, Any], field: str, code: str) -> None:
    (error,) = announce(park, expect=400, **changes)["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_a_photo_of_another_task_is_not_found(park: Park) -> None:
    announced = announce(park)
    for _ in range(2):
        park.clock.advance(60)
        park.reads(eid="other", **HOT)
    other = the_task(park, "other")["id"]
    park.as_("inspector_safety").get(f"/v1/tasks/{other}/photos/{announced['id']}", expect=404)


# retests


def test_a_retest_is_kept_as_it_was_entered(park: Park) -> None:
    entered = retest(park)
    assert {key: entered[key] for key in ("indicator", "value", "unit", "instrument")} == {
        "indicator": "voc",
        "value": 28.5,
        "unit": "mg/m3",
        "instrument": "PID-3",
    }
    assert (entered["measured_at"], entered["entered_by"]) == ("2026-03-02T10:00:30.000+08:00", "inspector_safety")
    assert park.as_("department_safety").get(f"/v1/tasks/{tid(park)}/evidence")["retests"] == [entered]


@pytest.mark.parametrize(
    ("changes", "field", "code", "said"),
    [
        pytest.param({"indicator": "colour"}, "indicator", "unknown_indicator", "voc", id="an indicator nobody knows"),
        pytest.param(
            {"unit": "[ppm]"}, "unit", "wrong_unit", "ug/m3", id="a unit that cannot be turned into the indicator's"
        ),
        pytest.param({"unit": "MG/M3"}, "unit", "wrong_unit", "mg/m3", id="a unit in capitals: UCUM tells them apart"),
        pytest.param({"value": -0.1}, "value", "implausible", "0..100000", id="a value below what can be"),
        pytest.param({"value": 100_000.5}, "value", "implausible", "0..100000", id="a value beyond what can be"),
        pytest.param(
            {"measured_at": "2026-03-02T10:07:00.001+08:00"},
            "measured_at",
            "time_ahead",
            "300 s",
            id="a value from the future",
        ),
    ],
)
def test_a_retest_that_cannot_be_is_refused(
    park: Park, changes: dict[str, Any], field: str, code: str, said: str
) -> None:
    (error,) = retest(park, expect=400, **changes)["errors"]
    assert (error["field"], error["code"]) == (field, code) and said in error["detail"]
    assert park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/evidence")["retests"] == []


@pytest.mark.parametrize("value", [0, 100_000], ids=["the lowest", "the highest"])
def test_a_value_at_the_edge_of_what_can_be_is_kept(park: Park, value: int) -> None:
    assert retest(park, value=value)["value"] == value


def test_a_retest_may_be_five_minutes_ahead(park: Park) -> None:
    retest(park, measured_at="2026-03-02T10:07:00+08:00")


def test_the_same_retest_again_is_one(park: Park) -> None:
    first = retest(park)
    park.clock.advance(60)
    assert retest(park) == first and retest(park, measured_at="2026-03-02T02:00:30Z") == first
    assert len(park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/evidence")["retests"]) == 1


@pytest.mark.parametrize("changes", [{"value": 28.6}, {"instrument": "PID-4"}, {"dimension": "environment"}], ids=str)
def test_the_same_retest_id_with_other_content_is_refused(park: Park, changes: dict[str, Any]) -> None:
    retest(park)
    assert retest(park, expect=409, **changes)["code"] == "content_conflict"


# rectifications


def rectify(
    park: Park, photos: list[str], *, number: int = 1, text: str = "已更换冷却水泵", expect: int = 201
) -> dict[str, Any]:
    body = {"id": client_id(number), "text": text, "photos": photos}
    return park.as_("enterprise").post(f"/v1/tasks/{tid(park)}/rectifications", body, expect=expect)


def test_a_rectification_is_kept_with_its_photos(park: Park) -> None:
    announced = announce(park, who="enterprise")
    done = rectify(park, [announced["id"]])
    assert (done["text"], done["photos"], done["entered_by"]) == ("已更换冷却水泵", [announced["id"]], "enterprise")
    assert park.as_("inspector_safety").get(f"/v1/tasks/{tid(park)}/evidence")["rectifications"] == [done]


def test_a_rectification_with_a_photo_nobody_announced_is_refused(park: Park) -> None:
    announced = announce(park, who="enterprise")
    (error,) = rectify(park, [announced["id"], client_id(99)], expect=400)["errors"]
    assert (error["field"], error["code"]) == ("photos.1", "unknown_photo")


def test_a_photo_of_another_task_rectifies_nothing_here(park: Park) -> None:
    for _ in range(2):
        park.clock.advance(60)
        park.reads(eid="other", **HOT)
    other = the_task(park, "other")["id"]
    park.as_("enterprise_other").post(f"/v1/tasks/{other}/photos", photo_body(5, "safety"), expect=201)
    (error,) = rectify(park, [client_id(5)], expect=400)["errors"]
    assert error["code"] == "unknown_photo"


def test_more_photos_than_anyone_looks_at_are_refused(park: Park) -> None:
    (error,) = rectify(park, [client_id(number) for number in range(51)], expect=400)["errors"]
    assert (error["field"], error["code"]) == ("photos", "too_many")


def test_the_same_rectification_again_is_one_and_another_text_is_refused(park: Park) -> None:
    first = rectify(park, [])
    park.clock.advance(60)
    assert rectify(park, []) == first
    assert rectify(park, [], text="另一说明", expect=409)["code"] == "content_conflict"
    assert len(park.as_("enterprise").get(f"/v1/tasks/{tid(park)}/evidence")["rectifications"]) == 1


# in parts


def big_photo(park: Park, task: dict[str, Any]) -> tuple[str, bytes]:
    data = bytes(range(256)) * 4 * 1024 * 11  # 11 MiB
    path = f"/v1/tasks/{task['id']}/photos"
    park.as_("enterprise").post(path, photo_body(70, "safety", data), expect=201)
    return f"{path}/{client_id(70)}/parts", data


def test_a_photo_comes_in_parts_and_after_a_break_only_the_rest_of_them(park: Park) -> None:
    park.runs_hot()
    path, data = big_photo(park, the_task(park))
    enterprise, media = park.as_("enterprise"), park.services.media
    first = enterprise.post(path)
    assert [(one["number"], one["size"]) for one in first["missing"]] == [(1, 5 << 20), (2, 5 << 20), (3, 1 << 20)]
    for one in first["missing"][::2]:
        media.put_part(one["url"], data[one["start"] : one["start"] + one["size"]])
    assert enterprise.post(f"{path}/completion", expect=409)["missing"] == ["2"]
    rest = enterprise.post(path)
    assert ([one["number"] for one in rest["missing"]], rest["done"]) == ([2], [1, 3])
    (part,) = rest["missing"]
    media.put_part(part["url"], data[part["start"] : part["start"] + part["size"]])
    for _ in range(2):
        enterprise.post(f"{path}/completion")
    park.photo_lands(f"incoming/{the_task(park)['id']}/{client_id(70)}")
    assert enterprise.get(path.removesuffix("/parts"))["state"] == "verified"
    assert enterprise.post(path, expect=409)["code"] == "illegal_transition"


def test_an_upload_that_the_bucket_gave_up_begins_anew(park: Park) -> None:
    park.runs_hot()
    path, _ = big_photo(park, the_task(park))
    park.as_("enterprise").post(path)
    park.services.media.uploads.clear()
    assert len(park.as_("enterprise").post(path)["missing"]) == 3


def test_parts_of_what_was_never_begun_are_all_missing(park: Park) -> None:
    park.runs_hot()
    path, _ = big_photo(park, the_task(park))
    assert park.as_("enterprise").post(f"{path}/completion", expect=409)["missing"] == ["1", "2", "3"]


def test_a_voice_note_is_kept_and_is_no_evidence_by_itself(park: Park) -> None:
    park.runs_hot()
    task = the_task(park)
    body = photo_body(71, "safety", JPEG, content_type="audio/amr")
    park.as_("enterprise").post(f"/v1/tasks/{task['id']}/photos", body, expect=201)
    park.services.media.write(f"incoming/{task['id']}/{client_id(71)}", JPEG, content_type="audio/amr")
    park.photo_lands(f"incoming/{task['id']}/{client_id(71)}")
    (note,) = park.as_("enterprise").get(f"/v1/tasks/{task['id']}/evidence")["photos"]
    assert (note["kind"], note["state"], set(note["links"])) == ("voice", "verified", {"original"})
    assert submits(park, task, "safety", expect=409)["code"] == "evidence_missing"
