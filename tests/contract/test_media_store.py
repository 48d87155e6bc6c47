"""The media store's contract, held in memory and by S3 (moto).

moto stores whatever is posted, so what an S3 policy allows is judged here by the rules S3 states for it: every field of
the form must be covered by a condition, and every condition must hold.
"""

import base64
import hashlib
import io
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from chalicelib.adapters.memory_media import MemoryMediaStore, UploadRefused
from chalicelib.adapters.s3 import S3MediaStore
from chalicelib.ports import MediaMissing, MediaStore, MediaTooLarge, UploadTicket

BUCKET = "photos"
KEY = "incoming/task-1/photo-1"
DATA = b"\xff\xd8\xff" + bytes(range(97))
NOW_MS = 1_772_416_800_000
UNCOVERED = {"policy", "x-amz-signature", "file"}


def ask(store: MediaStore, data: bytes = DATA, key: str = KEY) -> UploadTicket:
    digest = hashlib.sha256(data).hexdigest()
    return store.upload_ticket(key, sha256=digest, size_bytes=len(data), content_type="image/jpeg", now_ms=NOW_MS)


def post(store: MediaStore, ticket: UploadTicket, data: bytes) -> None:
    if isinstance(store, MemoryMediaStore):
        store.upload(ticket, data, now_ms=NOW_MS)
    else:
        answer = requests.post(ticket.url, data=dict(ticket.fields), files={"file": ("photo", data)}, timeout=5)
        assert answer.status_code == 204, answer.text


def s3_client(**credentials: str) -> Any:
    keys: dict[str, Any] = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "secret", **credentials}
    return boto3.client("s3", region_name="us-east-1", config=Config(signature_version="s3v4"), **keys)


@pytest.fixture(scope="module")
def moto_s3() -> Iterator[Any]:
    with mock_aws():
        client = s3_client()
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def s3(moto_s3: Any) -> Any:
    for stored in moto_s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        moto_s3.delete_object(Bucket=BUCKET, Key=stored["Key"])
    return moto_s3


@pytest.fixture
def s3_store(s3: Any) -> S3MediaStore:
    return S3MediaStore(s3, BUCKET)


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> MediaStore:
    return MemoryMediaStore() if request.param == "memory" else request.getfixturevalue("s3_store")


class TestEveryStore:
    def test_what_is_not_there_is_missing(self, store: MediaStore) -> None:
        with pytest.raises(MediaMissing):
            store.read(KEY, max_bytes=100)

    def test_what_is_larger_than_the_caller_would_read_is_refused(self, store: MediaStore) -> None:
        store.write(KEY, DATA, content_type="image/jpeg")
        with pytest.raises(MediaTooLarge):
            store.read(KEY, max_bytes=len(DATA) - 1)

    def test_what_is_just_as_large_as_the_caller_would_read_is_read(self, store: MediaStore) -> None:
        store.write(KEY, DATA, content_type="image/jpeg")
        assert store.read(KEY, max_bytes=len(DATA)).data == DATA

    def test_writing_again_replaces(self, store: MediaStore) -> None:
        store.write(KEY, b"one", content_type="image/jpeg")
        store.write(KEY, b"two", content_type="image/jpeg")
        assert store.read(KEY, max_bytes=10).data == b"two"

    def test_what_was_read_keeps_its_version_whatever_is_put_over_it(self, store: MediaStore) -> None:
        store.write(KEY, b"one", content_type="image/jpeg")
        first = store.read(KEY, max_bytes=10)
        store.write(KEY, b"two", content_type="image/jpeg")
        assert first.version and store.read(KEY, max_bytes=10).version != first.version
        assert f"versionId={first.version}" in store.download_url(KEY, version=first.version)

    def test_a_hash_that_is_none_gets_no_ticket(self, store: MediaStore) -> None:
        with pytest.raises(ValueError, match="hex"):
            store.upload_ticket(KEY, sha256="z" * 64, size_bytes=1, content_type="image/jpeg", now_ms=NOW_MS)

    def test_a_ticket_lets_a_phone_upload_until_it_expires(self, store: MediaStore) -> None:
        ticket = ask(store)
        post(store, ticket, DATA)
        assert store.read(KEY, max_bytes=len(DATA)).data == DATA
        assert ticket.expires_at_ms == NOW_MS + 15 * 60 * 1000

    def test_a_download_url_names_the_object(self, store: MediaStore) -> None:
        store.write(KEY, DATA, content_type="image/jpeg")
        assert urlsplit(store.download_url(KEY)).path.endswith(KEY)


class TestMemory:
    @pytest.mark.parametrize(
        ("data", "late_ms", "reason"),
        [
            pytest.param(DATA + b"x", 0, "EntityTooLarge", id="one byte more"),
            pytest.param(DATA[:-1], 0, "EntityTooSmall", id="one byte less"),
            pytest.param(DATA[:-1] + b"x", 0, "BadDigest", id="another byte"),
            pytest.param(DATA, 900_000, "AccessDenied", id="too late"),
        ],
    )
    def test_refuses_a_form_that_does_not_keep_to_its_ticket(self, data: bytes, late_ms: int, reason: str) -> None:
        store = MemoryMediaStore()
        with pytest.raises(UploadRefused, match=reason):
            store.upload(ask(store), data, now_ms=NOW_MS + late_ms)
        assert store.objects == {}


def policy_of(ticket: UploadTicket) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(base64.b64decode(ticket.fields["policy"]))
    return policy


def refusal(ticket: UploadTicket, form: Mapping[str, str], size_bytes: int) -> str | None:
    """What S3 says of a form under its policy: the name of the first condition that fails, or of a field too many."""
    values, covered = {**form, "bucket": BUCKET}, {"bucket"}
    for condition in policy_of(ticket)["conditions"]:
        if isinstance(condition, list):
            name, least, most = condition
            assert name == "content-length-range"
            if not least <= size_bytes <= most:
                return "content-length-range"
            continue
        for name, value in condition.items():
            if values.get(name) != value:
                return str(name)
            covered.add(name)
    return next((name for name in form if name not in covered | UNCOVERED), None)


class TestAnS3Policy:
    @pytest.mark.parametrize(
        ("changes", "size_bytes", "failing"),
        [
            pytest.param({"key": "incoming/other"}, 100, "key", id="another key"),
            pytest.param({"Content-Type": "text/html"}, 100, "Content-Type", id="another type"),
            pytest.param({"x-amz-checksum-sha256": "AAAA"}, 100, "x-amz-checksum-sha256", id="another hash"),
            pytest.param({"acl": "public-read"}, 100, "acl", id="a field of its own"),
            pytest.param({}, 101, "content-length-range", id="one byte more"),
            pytest.param({}, 99, "content-length-range", id="one byte less"),
        ],
    )
    def test_refuses(self, s3_store: S3MediaStore, changes: dict[str, str], size_bytes: int, failing: str) -> None:
        ticket = ask(s3_store)
        assert refusal(ticket, {**ticket.fields, **changes}, size_bytes) == failing

    def test_allows_the_form_as_it_was_given(self, s3_store: S3MediaStore) -> None:
        ticket = ask(s3_store)
        assert refusal(ticket, ticket.fields, len(DATA)) is None

    def test_allows_it_with_the_session_token_of_a_functions_role(self, s3: Any) -> None:
        store = S3MediaStore(s3_client(aws_session_token="session"), BUCKET)
        ticket = ask(store)
        assert ticket.fields["x-amz-security-token"] == "session"
        assert refusal(ticket, ticket.fields, len(DATA)) is None

    def test_binds_the_hash_as_s3_computes_it(self, s3_store: S3MediaStore) -> None:
        stated = ask(s3_store).fields["x-amz-checksum-sha256"]
        assert base64.b64decode(stated) == hashlib.sha256(DATA).digest()


class TestS3:
    def test_links_are_signed_by_version_4_and_expire(self, s3_store: S3MediaStore) -> None:
        query = parse_qs(urlsplit(s3_store.download_url(KEY, expires_s=60)).query)
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["X-Amz-Expires"] == ["60"]

    def test_a_link_gives_the_bytes_and_their_type(self, s3_store: S3MediaStore) -> None:
        s3_store.write(KEY, DATA, content_type="image/jpeg")
        answer = requests.get(s3_store.download_url(KEY), timeout=5)
        assert (answer.content, answer.headers["Content-Type"]) == (DATA, "image/jpeg")

    def test_a_link_to_a_version_gives_its_bytes_and_not_the_newest(self, s3_store: S3MediaStore) -> None:
        s3_store.write(KEY, DATA, content_type="image/jpeg")
        version = s3_store.read(KEY, max_bytes=len(DATA)).version
        s3_store.write(KEY, b"put over it", content_type="image/jpeg")
        assert requests.get(s3_store.download_url(KEY, version=version), timeout=5).content == DATA

    def test_a_policy_expires_when_the_ticket_says(self, s3_store: S3MediaStore) -> None:
        now_ms = int(time.time() * 1000)
        ticket = s3_store.upload_ticket(KEY, sha256="0" * 64, size_bytes=1, content_type="image/png", now_ms=now_ms)
        expires_s = time.mktime(time.strptime(policy_of(ticket)["expiration"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        assert expires_s == pytest.approx(ticket.expires_at_ms / 1000, abs=5)

    def test_a_refused_call_is_not_taken_for_a_missing_object(self) -> None:
        class Denied:
            def get_object(self, **_: str) -> Any:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")

        with pytest.raises(ClientError, match="AccessDenied"):
            S3MediaStore(Denied(), BUCKET).read(KEY, max_bytes=1)

    def test_not_a_byte_of_a_large_object_is_read(self) -> None:
        class Untouchable(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise AssertionError("read")

        class Large:
            def get_object(self, **_: str) -> Any:
                return {"ContentLength": 10**9, "Body": Untouchable()}

        with pytest.raises(MediaTooLarge):
            S3MediaStore(Large(), BUCKET).read(KEY, max_bytes=25_000_000)


def put_part(store: MediaStore, url: str, data: bytes) -> None:
    if isinstance(store, MemoryMediaStore):
        store.put_part(url, data)
    else:
        assert requests.put(url, data=data, timeout=5).status_code == 200


def test_parts_that_were_put_in_any_order_make_the_object(store: MediaStore) -> None:
    first, last = b"a" * (5 << 20), b"b" * 9
    upload_id = store.begin_parts(KEY, content_type="image/jpeg")
    put_part(store, store.part_url(KEY, upload_id, 2), last)
    assert store.parts(KEY, upload_id) == {2: 9}
    put_part(store, store.part_url(KEY, upload_id, 1), first)
    assert store.parts(KEY, upload_id) == {1: 5 << 20, 2: 9}
    store.finish_parts(KEY, upload_id)
    assert store.read(KEY, max_bytes=6 << 20).data == first + last


def test_an_upload_that_was_abandoned_or_finished_is_none_any_more(store: MediaStore) -> None:
    upload_id = store.begin_parts(KEY, content_type="image/jpeg")
    store.abandon_parts(KEY, upload_id)
    with pytest.raises(MediaMissing):
        store.parts(KEY, upload_id)
