"""Photos in S3: phones upload with a POST policy, functions read and write, people get a URL that expires.

A policy binds key, size, type and SHA-256. S3 refuses anything else; emulators check less, so the photo function checks
the bytes again whatever the store promised.
"""

import base64
import contextlib
from collections.abc import Mapping
from typing import Any, cast

from botocore.exceptions import ClientError

from chalicelib.ports import MediaMissing, MediaTooLarge, StoredMedia, UploadTicket

UPLOAD_WINDOW_S = 900


class S3MediaStore:
    """`client` signs by version 4: left to itself boto3 signs links for some regions by version 2.

    The reader's role needs s3:ListBucket on the bucket, or S3 answers 403 for a missing key, not 404.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_ticket(self, key: str, *, sha256: str, size_bytes: int, content_type: str, now_ms: int) -> UploadTicket:
        """Allow exactly these bytes under exactly this key, for 15 minutes. `sha256` is hex."""
        bound = {
            "Content-Type": content_type,
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        post = self._client.generate_presigned_post(
            self._bucket,
            key,
            Fields=dict(bound),
            Conditions=[
                *({name: value} for name, value in bound.items()),
                ["content-length-range", size_bytes, size_bytes],
            ],
            ExpiresIn=UPLOAD_WINDOW_S,
        )
        return UploadTicket(
            cast(str, post["url"]), cast(dict[str, str], post["fields"]), now_ms + UPLOAD_WINDOW_S * 1000
        )

    def begin_parts(self, key: str, *, content_type: str) -> str:
        begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        return cast(str, begun["UploadId"])

    def part_url(self, key: str, upload_id: str, number: int, *, expires_s: int = 3600) -> str:
        target = {"Bucket": self._bucket, "Key": key, "UploadId": upload_id, "PartNumber": number}
        return cast(str, self._client.generate_presigned_url("upload_part", Params=target, ExpiresIn=expires_s))

    def parts(self, key: str, upload_id: str) -> Mapping[int, int]:
        return {int(part["PartNumber"]): int(part["Size"]) for part in self._listed(key, upload_id)}

    def finish_parts(self, key: str, upload_id: str) -> None:
        parts = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in self._listed(key, upload_id)]
        self._client.complete_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )

    def abandon_parts(self, key: str, upload_id: str) -> None:
        self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    def _listed(self, key: str, upload_id: str) -> list[dict[str, Any]]:
        try:
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=upload_id)
            return [part for page in pages for part in page.get("Parts", ())]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchUpload":
                raise MediaMissing(key) from error
            raise

    def read(self, key: str, *, max_bytes: int) -> StoredMedia:
        """The newest object. A larger one is refused by its length, before a byte of it is read."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                raise MediaMissing(key) from error
            raise
        with contextlib.closing(found["Body"]) as body:
            if found["ContentLength"] > max_bytes:
                raise MediaTooLarge(key)
            return StoredMedia(body.read(), found.get("VersionId", ""))

    def write(self, key: str, data: bytes, *, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    def download_url(self, key: str, *, version: str = "", expires_s: int = 900) -> str:
        target = {"Bucket": self._bucket, "Key": key} | ({"VersionId": version} if version else {})
        return cast(str, self._client.generate_presigned_url("get_object", Params=target, ExpiresIn=expires_s))
