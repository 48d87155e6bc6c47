"""What the photo inspector refuses, and what it makes of photos as phones and cameras really write them."""

import hashlib
import io
import json
import math
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat
from PIL.TiffImagePlugin import IFDRational

from chalicelib.adapters.photos import PillowInspector, sniff
from chalicelib.domain.photo import PhotoFinding, Position, RefusalReason
from chalicelib.domain.photo_marks import NEAR_BITS, bits_apart

ROOT = Path(__file__).resolve().parents[2]
INSPECTOR = PillowInspector("Asia/Shanghai")
LIMIT_MB = 512
Recorded = list[tuple[dict[str, Any], PhotoFinding]]
pytestmark = [
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
    pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning"),
    pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file:UserWarning"),
]


def inspect(data: bytes, content_type: str | None = None, inspector: PillowInspector = INSPECTOR) -> PhotoFinding:
    declared = content_type or sniff(data) or "image/jpeg"
    sha256 = hashlib.sha256(data).hexdigest()
    return inspector.inspect(data, sha256=sha256, size_bytes=len(data), content_type=declared)


def scene(width: int = 300, height: int = 200) -> Image.Image:
    """Four quarters of four colours: no turn or flip of it looks like another."""
    image = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2), "lime")
    draw.rectangle((0, height // 2, width // 2, height), "blue")
    draw.rectangle((width // 2, height // 2, width, height), "yellow")
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIF":
        pillow_heif.from_pillow(image).save(buffer, quality=60, **options)
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


def exif_of(**tags: Any) -> Image.Exif:
    """`exif_of(orientation=6, taken="...", gps={...})`"""
    exif = Image.Exif()
    if "orientation" in tags:
        exif[0x0112] = tags["orientation"]
    camera = {0x9003: tags.get("taken"), 0x9011: tags.get("offset"), 0x9291: tags.get("fraction")}
    exif.get_ifd(0x8769).update({tag: value for tag, value in camera.items() if value is not None})
    exif.get_ifd(0x8825).update(tags.get("gps", {}))
    return exif


def derivative(finding: PhotoFinding, edge_px: int) -> Image.Image:
    image = Image.open(io.BytesIO(dict(finding.derivatives)[edge_px]))
    image.load()
    return image


def differ(left: Image.Image, right: Image.Image) -> float:
    """Mean difference per channel, 0 to 255."""
    means = ImageStat.Stat(ImageChops.difference(left.convert("RGB"), right.convert("RGB"))).mean
    return sum(means) / len(means)


JPEG = encoded(scene(), exif=exif_of(taken="2026:03:02 10:00:00"))
PNG, WEBP, HEIC = encoded(scene(), "PNG"), encoded(scene(), "WEBP"), encoded(scene(), "HEIF")
NOISE = Image.effect_noise((300, 200), 60).convert("RGB")
NOISY = {
    "image/jpeg": encoded(NOISE),
    "image/png": encoded(NOISE, "PNG"),
    "image/webp": encoded(NOISE, "WEBP"),
    "image/heic": encoded(NOISE, "HEIF"),
}
GOOD = {"image/jpeg": JPEG, "image/png": PNG, "image/webp": WEBP, "image/heic": HEIC}


def png_header(width: int, height: int) -> bytes:
    """A few bytes that claim to be a large picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def webp_header(width: int, height: int) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas + WEBP[12:]


def jpeg_header(width: int, height: int, image: Image.Image | None = None, **options: Any) -> bytes:
    small = encoded(image or scene(), **options)
    at = small.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0") + 5
    return small[:at] + struct.pack(">HH", height, width) + small[at + 4 :]


class TestRefusals:
    def test_another_size_than_was_announced(self) -> None:
        finding = INSPECTOR.inspect(JPEG, sha256="0" * 64, size_bytes=len(JPEG) + 1, content_type="image/jpeg")
        assert finding == PhotoFinding(RefusalReason.SIZE_MISMATCH)

    @pytest.mark.parametrize("sha256", ["0" * 64, "", "文"])
    def test_another_hash_than_was_announced(self, sha256: str) -> None:
        finding = INSPECTOR.inspect(JPEG, sha256=sha256, size_bytes=len(JPEG), content_type="image/jpeg")
        assert finding == PhotoFinding(RefusalReason.HASH_MISMATCH)

    @pytest.mark.parametrize("real", GOOD)
    @pytest.mark.parametrize("declared", [*GOOD, "text/html", ""])
    def test_another_type_than_was_announced(self, real: str, declared: str) -> None:
        reason = None if real == declared else RefusalReason.TYPE_MISMATCH
        finding = inspect(GOOD[real], declared) if declared else inspect(GOOD[real], " ")
        assert (finding.reason, finding.content_type) == (reason, real)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"\xff\xd8", id="two bytes"),
            pytest.param(encoded(scene(), "GIF"), id="a GIF"),
            pytest.param(encoded(scene(), "TIFF"), id="a TIFF"),
            pytest.param(encoded(scene(), "BMP"), id="a BMP"),
            pytest.param(b"%PDF-1.7\n" + b"x" * 99, id="a PDF"),
            pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="an SVG"),
            pytest.param(b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf", id="an AVIF"),
            pytest.param(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", id="an AVIF that says only HEIF"),
            pytest.param(b"\0\0\0\x18ftypisom\0\0\0\0isommp42", id="a film"),
        ],
    )
    def test_a_type_that_we_do_not_take(self, data: bytes) -> None:
        assert inspect(data, "image/jpeg") == PhotoFinding(RefusalReason.UNSUPPORTED_TYPE)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(png_header(10_000, 6_001), id="a PNG just over the limit"),
            pytest.param(png_header(12_000, 8_000), id="a PNG that Pillow only warns of"),
            pytest.param(png_header(60_000, 60_000), id="a PNG that Pillow refuses itself"),
            pytest.param(jpeg_header(65_000, 65_000), id="a JPEG"),
            pytest.param(webp_header(16_384, 16_384), id="a WebP"),
            pytest.param(webp_header(16_777_216, 256), id="a WebP that is one long strip"),
        ],
    )
    def test_too_many_pixels_by_the_header_at_once(self, data: bytes) -> None:
        started_s = time.monotonic()
        assert inspect(data).reason is RefusalReason.TOO_MANY_PIXELS
        assert time.monotonic() - started_s < 0.5

    @pytest.mark.parametrize("real", GOOD)
    def test_more_pixels_than_this_inspector_takes(self, real: str) -> None:
        strict = PillowInspector("Asia/Shanghai", max_pixels=300 * 200 - 1)
        assert inspect(GOOD[real], inspector=strict).reason is RefusalReason.TOO_MANY_PIXELS
        exact = PillowInspector("Asia/Shanghai", max_pixels=300 * 200)
        assert inspect(GOOD[real], inspector=exact).reason is None

    def test_a_picture_that_could_be_decoded_only_in_more_memory_than_there_is(self) -> None:
        finding = inspect(jpeg_header(7000, 6900, Image.new("CMYK", (64, 64)), progressive=True))
        assert finding == PhotoFinding(RefusalReason.TOO_MANY_PIXELS, "image/jpeg", 7000, 6900)

    def test_a_jpeg_with_a_thousand_scans_at_once(self) -> None:
        data = encoded(scene(2000, 2000), progressive=True)
        last = data.rindex(b"\xff\xda")
        started_s = time.monotonic()
        assert inspect(data[:-2] + data[last:-2] * 1000 + b"\xff\xd9").reason is RefusalReason.UNREADABLE
        assert time.monotonic() - started_s < 0.5

    @pytest.mark.parametrize("real", GOOD)
    @pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9, 0.97])
    def test_a_file_that_ends_too_early(self, real: str, kept: float) -> None:
        data = NOISY[real]
        finding = inspect(data[: int(len(data) * kept)])
        assert finding.reason in (RefusalReason.UNREADABLE, RefusalReason.UNSUPPORTED_TYPE)
        assert finding.derivatives == ()

    @pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
    def test_a_jpeg_that_lacks_its_last_tenth_even_when_it_is_decoded_small(self, progressive: bool) -> None:
        noisy = Image.effect_noise((3400, 2000), 60).convert("RGB")
        data = encoded(noisy, quality=60, progressive=progressive)
        assert inspect(data).reason is None
        assert inspect(data[: len(data) * 9 // 10]).reason is RefusalReason.UNREADABLE

    @pytest.mark.parametrize("real", GOOD)
    def test_a_right_beginning_with_nonsense_after_it(self, real: str) -> None:
        assert inspect(GOOD[real][:32] + b"nonsense" * 64).reason is RefusalReason.UNREADABLE


class TestOtherBytes:
    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        real=st.sampled_from(sorted(GOOD)),
        cut=st.none() | st.floats(0, 1),
        changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6),
    )
    def test_of_any_kind_give_a_finding(self, real: str, cut: float | None, changes: list[tuple[float, bytes]]) -> None:
        data = bytearray(GOOD[real])
        for place, patch in changes:
            at = int(place * len(data))
            data[at : at + len(patch)] = patch
        finding = inspect(bytes(data[: None if cut is None else int(cut * len(data))]), real)
        assert (finding.reason is None) == (len(finding.derivatives) == 2)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(block=st.binary(max_size=200), head=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
    def test_in_the_exif_block_do_not_spoil_the_photo(self, block: bytes, head: bytes) -> None:
        assert inspect(encoded(scene(40, 30), exif=b"Exif\0\0" + head + block)).reason is None


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> Recorded:
    lines = (shared_data / "photos" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row, inspect((shared_data / "photos" / row["file"]).read_bytes())) for row in rows]


class TestTheRecordedPhotos:
    def test_are_refused_exactly_where_they_are_broken_or_of_another_type(self, recorded: Recorded) -> None:
        taken = {"JPEG", "MPO", "PNG", "WEBP", "HEIF"}
        # Its first decoding fails; the manifest's tool asked twice.
        broken = {"broken/pillow_broken_data_stream.png"}
        wrong = []
        for row, finding in recorded:
            good = row["open"] == "ok" == row["load"] and row["format"] in taken and row["file"] not in broken
            if (finding.reason is None) != good:
                wrong.append((row["file"], finding.reason))
        assert wrong == []

    def test_stand_upright_in_both_sizes(self, recorded: Recorded) -> None:
        for row, finding in recorded:
            if finding.reason is None:
                assert [finding.width_px, finding.height_px] == row["transposed_size"], row["file"]
                for edge_px, _ in finding.derivatives:
                    small = derivative(finding, edge_px)
                    assert max(small.size) == min(edge_px, max(row["transposed_size"])), row["file"]
                    ratio = row["transposed_size"][0] / row["transposed_size"][1]
                    assert small.width / small.height == pytest.approx(ratio, rel=0.05), row["file"]

    def test_of_one_scene_come_out_alike_whichever_way_the_camera_was_held(self, recorded: Recorded) -> None:
        scenes = [finding for row, finding in recorded if row["file"].startswith("orientation/landscape_")]
        assert len(scenes) >= 5
        first = derivative(scenes[0], 480)
        for other in scenes[1:]:
            assert (other.width_px, other.height_px) == (600, 450)
            assert differ(first, derivative(other, 480)) < 8
            assert bits_apart(scenes[0].look, other.look) <= NEAR_BITS

    def test_that_were_sent_on_are_known_again_and_others_are_not_taken_for_them(
        self, recorded: Recorded, shared_data: Path
    ) -> None:
        """As messengers and careful cheats change them: compressed anew, made smaller, trimmed by two percent, brightened."""
        looks = {row["file"]: finding.look for row, finding in recorded if finding.look}
        found = tried = 0
        for name, look in looks.items():
            original = derivative(next(f for row, f in recorded if row["file"] == name), 1600)
            if min(original.size) < 100:
                continue
            width, height = original.size
            trimmed = (width // 100, height // 100, width - width // 100, height - height // 100)
            for changed in (
                original.resize((width * 2 // 3, height * 2 // 3)),
                original.crop(trimmed),
                original.point(lambda value: min(255, value * 11 // 10)),
            ):
                tried += 1
                found += bits_apart(look, inspect(encoded(changed, quality=50)).look) <= NEAR_BITS
        assert found >= 0.95 * tried
        pairs = [(a, b) for a in looks for b in looks if a < b and a.split("/")[0] == b.split("/")[0] == "gps"]
        same = [(a, b) for a, b in pairs if bits_apart(looks[a], looks[b]) <= NEAR_BITS]
        assert {tuple(sorted(Path(one).stem for one in pair)) for pair in same} <= {
            ("mei_HTC_Desire", "mei_HTC_Desire")
        }

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
    def test_are_judged_in_little_memory_and_time_each(self, shared_data: Path) -> None:
        command = [sys.executable, "-c", EACH, str(shared_data / "photos")]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout.split()
        slowest_s, peak_mb = float(said[0]), int(said[1])
        assert slowest_s < 10
        assert peak_mb < LIMIT_MB

    def test_have_the_position_that_is_recorded_and_none_for_0_0_and_nan(self, recorded: Recorded) -> None:
        positions = 0
        for row, finding in recorded:
            latitude, longitude = row.get("gps") or (math.nan, math.nan)
            if finding.reason is None and math.isfinite(latitude) and (latitude, longitude) != (0, 0):
                assert finding.position is not None, row["file"]
                assert finding.position.latitude == pytest.approx(latitude, abs=1e-5)
                assert finding.position.longitude == pytest.approx(longitude, abs=1e-5)
                positions += 1
            else:
                assert finding.position is None, row["file"]
        assert positions >= 6

    def test_have_the_time_that_is_recorded_in_its_own_offset_or_the_parks(self, recorded: Recorded) -> None:
        for row, finding in recorded:
            text = (row.get("datetime_original") or "").strip("\0") if finding.reason is None else ""
            if text:
                wall = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
                offset_h = -4 if "exif-at-eof" in row["file"] else 8
                assert (finding.taken_at_ms or 0) // 1000 == wall - offset_h * 3600, row["file"]
            else:
                assert finding.taken_at_ms is None, row["file"]

    def test_of_a_wide_gamut_phone_are_turned_to_srgb(self, shared_data: Path) -> None:
        phone = pillow_heif.open_heif(shared_data / "photos" / "heic" / "mei_exif-at-eof.heic")
        profile = phone.info["icc_profile"]
        finding = inspect(encoded(Image.new("RGB", (64, 64), (200, 60, 60)), icc_profile=profile, quality=95))
        red, green, _ = derivative(finding, 480).getpixel((32, 32))  # type: ignore[misc]
        assert red > 210
        assert green < 55


def upside(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a sensor in that orientation stores it."""
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    return image if stored is None else image.transpose(stored)


class TestOrientation:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_applied(self, format: str, orientation: int) -> None:
        stored = upside(scene(), orientation)
        finding = inspect(encoded(stored, format, exif=exif_of(orientation=orientation)))
        assert (finding.width_px, finding.height_px) == (300, 200)
        assert differ(derivative(finding, 480), scene()) < 6

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_of_a_heic_is_applied_once(self, orientation: int) -> None:
        stored = upside(scene(), orientation)
        container = pillow_heif.from_bytes("RGB", stored.size, stored.tobytes())
        buffer = io.BytesIO()
        # Written as phones do: the turn stands in the container, which the decoder obeys, and once more in EXIF.
        container.save(buffer, quality=60, exif=exif_of(orientation=orientation).tobytes())
        finding = inspect(buffer.getvalue())
        assert (finding.width_px, finding.height_px) == (300, 200)
        assert differ(derivative(finding, 480), scene()) < 6

    @pytest.mark.parametrize("senseless", [0, 9, 65535])
    def test_that_makes_no_sense_is_upright(self, senseless: int) -> None:
        assert differ(derivative(inspect(encoded(scene(), exif=exif_of(orientation=senseless))), 480), scene()) < 6

    def test_of_a_large_photo_is_applied_too(self) -> None:
        large = upside(scene(3000, 2000), 6)
        finding = inspect(encoded(large, exif=exif_of(orientation=6)))
        assert (finding.width_px, finding.height_px) == (3000, 2000)
        assert differ(derivative(finding, 1600), scene(1600, 1067)) < 3


class TestTime:
    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            pytest.param({}, None, id="no tag"),
            pytest.param({"taken": "0000:00:00 00:00:00"}, None, id="zeros"),
            pytest.param({"taken": "    :  :     :  :  "}, None, id="blanks"),
            pytest.param({"taken": "2026:02:30 10:00:00"}, None, id="a day that is none"),
            pytest.param({"taken": "yesterday"}, None, id="a word"),
            pytest.param({"taken": "2026:03:02 10:00:00"}, 1_772_416_800_000, id="in the park's zone"),
            pytest.param({"taken": "2026:03:02 10:00:00", "offset": "+08:00"}, 1_772_416_800_000, id="its offset"),
            pytest.param({"taken": "2026:03:02 02:00:00", "offset": "Z"}, 1_772_416_800_000, id="UTC"),
            pytest.param({"taken": "2026:03:01 21:00:00", "offset": "-05:00"}, 1_772_416_800_000, id="west"),
            pytest.param({"taken": "2026:03:02 10:00:00", "offset": "+99:00"}, 1_772_416_800_000, id="a wild offset"),
            pytest.param({"taken": "2026:03:02 10:00:00", "offset": "   :  "}, 1_772_416_800_000, id="a blank offset"),
            pytest.param({"taken": "2026:03:02 10:00:00", "fraction": "5"}, 1_772_416_800_500, id="tenths"),
            pytest.param({"taken": "2026:03:02 10:00:00", "fraction": "0423"}, 1_772_416_800_042, id="finer than ms"),
            pytest.param({"taken": "2026:03:02 10:00:00", "fraction": "x"}, 1_772_416_800_000, id="no fraction"),
            pytest.param({"taken": "2026:03:02 10:00:00\0"}, 1_772_416_800_000, id="a trailing NUL"),
        ],
    )
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
    def test_of_the_exposure_is_read(self, format: str, tags: dict[str, str], expected: int | None) -> None:
        exif = exif_of(**tags).tobytes()
        assert inspect(encoded(scene(48, 32), format, exif=exif)).taken_at_ms == expected


def gps(latitude: object, longitude: object, north: object = "N", east: object = "E") -> dict[int, object]:
    return {1: north, 2: latitude, 3: east, 4: longitude}


DMS = (IFDRational(30, 1), IFDRational(15, 1), IFDRational(36, 1))


class TestPosition:
    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            pytest.param({}, None, id="no tags"),
            pytest.param({1: "N", 2: DMS}, None, id="a latitude alone"),
            pytest.param(gps((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), None, id="0, 0"),
            pytest.param(gps((IFDRational(30, 0), 0.0, 0.0), DMS), None, id="a denominator of 0"),
            pytest.param(gps((IFDRational(0, 0), 0.0, 0.0), DMS), None, id="0 over 0"),
            pytest.param(gps((91.0, 0.0, 0.0), DMS), None, id="beyond the pole"),
            pytest.param(gps(DMS, (181.0, 0.0, 0.0)), None, id="beyond the date line"),
            pytest.param(gps((30.0, 75.0, 0.0), DMS), None, id="75 minutes"),
            pytest.param(gps(DMS, DMS, north=""), None, id="no hemisphere"),
            pytest.param(gps(DMS, DMS, east="?"), None, id="a hemisphere that is none"),
            pytest.param(gps(DMS, DMS), Position(30.26, 30.26), id="degrees, minutes, seconds"),
            pytest.param(gps(DMS, DMS, "S", "W"), Position(-30.26, -30.26), id="south and west"),
            pytest.param(gps((30.26, 0.0, 0.0), (120.5, 0.0, 0.0)), Position(30.26, 120.5), id="decimal degrees"),
            pytest.param(gps((0.0, 0.0, 0.0), DMS), Position(0.0, 30.26), id="on the equator"),
        ],
    )
    def test_is_read_where_it_can_be_true(self, tags: dict[int, object], expected: Position | None) -> None:
        position = inspect(encoded(scene(40, 30), exif=exif_of(gps=tags).tobytes())).position
        if expected is None:
            assert position is None
        else:
            assert position is not None
            assert position.latitude == pytest.approx(expected.latitude, abs=1e-6)
            assert position.longitude == pytest.approx(expected.longitude, abs=1e-6)


class TestDerivatives:
    def test_are_jpegs_of_the_two_sizes_without_anything_of_the_original_but_its_picture(self) -> None:
        data = encoded(
            scene(4000, 3000),
            exif=exif_of(taken="2026:03:02 10:00:00", gps=gps(DMS, DMS)),
            comment=b"somewhere",
            dpi=(300, 300),
        )
        finding = inspect(data)
        for edge_px, size in ((480, (480, 360)), (1600, (1600, 1200))):
            made = derivative(finding, edge_px)
            assert (made.format, made.mode, made.size) == ("JPEG", "RGB", size)
            assert dict(made.getexif()) == {}
            assert not {"exif", "icc_profile", "comment", "xmp", "dpi"} & set(made.info)
            assert differ(made, scene(*size)) < 3

    def test_of_a_small_photo_are_not_enlarged(self) -> None:
        finding = inspect(encoded(scene(500, 100)))
        assert [derivative(finding, edge_px).size for edge_px in (480, 1600)] == [(480, 96), (500, 100)]

    @pytest.mark.parametrize("size", [(1, 1), (1, 9000), (9000, 1), (40_000, 3)])
    def test_of_extreme_shapes_have_at_least_one_row_and_column(self, size: tuple[int, int]) -> None:
        finding = inspect(encoded(Image.new("RGB", size, "lime"), "PNG"))
        assert finding.reason is None
        assert min(derivative(finding, 480).size) >= 1

    @pytest.mark.parametrize(
        ("image", "format", "expected"),
        [
            pytest.param(Image.new("L", (64, 64), 100), "JPEG", (100, 100, 100), id="a grey JPEG"),
            pytest.param(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", (255, 0, 0), id="a CMYK JPEG"),
            pytest.param(Image.new("1", (64, 64), 1), "PNG", (255, 255, 255), id="black and white"),
            pytest.param(Image.new("I;16", (64, 64), 100 * 256), "PNG", (100, 100, 100), id="16 bits of grey"),
            pytest.param(Image.new("LA", (64, 64), (0, 0)), "PNG", (255, 255, 255), id="grey, transparent"),
            pytest.param(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "PNG", (255, 255, 255), id="transparent"),
            pytest.param(Image.new("RGBA", (64, 64), (0, 0, 0, 128)), "PNG", (127, 127, 127), id="half transparent"),
            pytest.param(Image.new("RGBA", (64, 64), (255, 0, 0, 255)), "WEBP", (255, 0, 0), id="an opaque WebP"),
            pytest.param(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "HEIF", (255, 255, 255), id="transparent HEIC"),
            pytest.param(Image.new("L", (64, 64), 100), "HEIF", (100, 100, 100), id="a grey HEIC"),
            pytest.param(Image.new("RGB", (64, 64), "red").quantize(), "PNG", (255, 0, 0), id="a palette"),
            pytest.param(
                Image.new("RGBA", (64, 64), (255, 0, 0, 0)).quantize(), "PNG", (255, 255, 255), id="clear palette"
            ),
        ],
    )
    def test_show_every_kind_of_pixel_as_a_viewer_would(
        self, image: Image.Image, format: str, expected: tuple[int, int, int]
    ) -> None:
        pixel = derivative(inspect(encoded(image, format)), 480).getpixel((32, 32))
        assert pixel == pytest.approx(expected, abs=6)

    def test_of_a_transparent_picture_made_in_bands_have_no_seams(self) -> None:
        clear = Image.new("RGBA", (5000, 3000), (0, 0, 255, 255))
        made = derivative(inspect(encoded(clear, "PNG", compress_level=1)), 1600)
        extremes = ImageStat.Stat(made).extrema
        assert all(high - low <= 4 for low, high in extremes)

    def test_of_deep_colour_are_eight_bits(self) -> None:
        deep = pillow_heif.from_bytes("RGB;16", (64, 64), struct.pack("<3H", 200 << 8, 60 << 8, 60 << 8) * 64 * 64)
        buffer = io.BytesIO()
        deep.save(buffer, quality=90)
        assert derivative(inspect(buffer.getvalue()), 480).getpixel((32, 32)) == pytest.approx((200, 60, 60), abs=8)

    @pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
    def test_ignore_a_colour_profile_that_cannot_be_read(self, profile: bytes) -> None:
        finding = inspect(encoded(scene(), icc_profile=profile))
        assert differ(derivative(finding, 480), scene()) < 6


def many_frames(format: str) -> bytes:
    first, *others = [Image.new("RGB", (400, 300), (i, 0, 255)) for i in range(40)]
    return encoded(first, format, save_all=True, append_images=others)


class TestSeveralPictures:
    @pytest.mark.parametrize("format", ["PNG", "WEBP", "MPO"])
    def test_in_one_file_count_as_the_first_one(self, format: str) -> None:
        strict = PillowInspector("Asia/Shanghai", max_pixels=400 * 300)
        finding = inspect(many_frames(format), inspector=strict)
        assert finding.reason is None
        assert derivative(finding, 480).getpixel((9, 9)) == pytest.approx((0, 0, 255), abs=6)

    def test_in_one_heic_count_as_the_primary_one(self) -> None:
        container = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "red"))
        container.add_from_pillow(Image.new("RGB", (400, 300), "blue"))
        buffer = io.BytesIO()
        container.save(buffer, quality=60, primary_index=1)
        finding = inspect(buffer.getvalue())
        assert (finding.width_px, finding.height_px) == (400, 300)
        assert derivative(finding, 480).getpixel((9, 9)) == pytest.approx((0, 0, 255), abs=6)


EACH = """
import hashlib, re, sys, time
from pathlib import Path
from chalicelib.adapters.photos import PillowInspector, sniff
inspector, slowest_s = PillowInspector("Asia/Shanghai"), 0.0
for file in sorted(p for p in Path(sys.argv[1]).rglob("*") if p.is_file() and p.suffix != ".jsonl"):
    data = file.read_bytes()
    began_s = time.monotonic()
    inspector.inspect(data, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), content_type=sniff(data) or "image/jpeg")
    slowest_s = max(slowest_s, time.monotonic() - began_s)
# Not getrusage's: that counts what the process was forked from as well.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(slowest_s, peak_kb // 1024)
"""
MEASURE = """
import hashlib, re, sys
from chalicelib.adapters.photos import PillowInspector, sniff
data = open(sys.argv[1], "rb").read()
finding = PillowInspector("Asia/Shanghai").inspect(
    data, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), content_type=sniff(data)
)
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(finding.reason, len(finding.derivatives), peak_kb // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
class TestMemory:
    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(
                lambda: encoded(Image.new("RGB", (8944, 6708), "teal"), quality=50, progressive=True),
                id="60 MP progressive JPEG",
            ),
            pytest.param(
                lambda: encoded(Image.new("RGBA", (8944, 6708), (0, 99, 99, 50)), "PNG", compress_level=1),
                id="60 MP PNG with transparency",
            ),
        ],
    )
    def test_stays_well_below_what_a_small_function_has(self, make: Callable[[], bytes], tmp_path: Path) -> None:
        (tmp_path / "photo").write_bytes(make())
        command = [sys.executable, "-c", MEASURE, str(tmp_path / "photo")]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout.split()
        assert said[:2] == ["None", "2"]
        # 150 MB are left for boto3, the handler and a file of 25 MB.
        assert int(said[2]) < LIMIT_MB - 150


class TestRecordings:
    """Voice and video: stored, hash-checked, not looked into."""

    @pytest.mark.parametrize(
        ("data", "declared"),
        [
            (b"\0\0\0\x20ftypM4A rest", "audio/mp4"),
            (b"\0\0\0\x20ftypisomrest", "video/mp4"),
            (b"\0\0\0\x20ftypisomrest", "audio/mp4"),
            (b"\0\0\0\x14ftypqt  rest", "video/quicktime"),
            (b"#!AMR\nrest", "audio/amr"),
            (b"OggS\0rest", "audio/ogg"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"\xff\xf1rest", "audio/aac"),
        ],
    )
    def test_are_taken_for_what_they_are(self, data: bytes, declared: str) -> None:
        finding = inspect(data, declared)
        assert (finding.reason, finding.derivatives, finding.look) == (None, (), "")

    @pytest.mark.parametrize("declared", ["audio/mp4", "video/mp4", "audio/amr"])
    def test_that_are_something_else_are_refused(self, declared: str) -> None:
        assert inspect(encoded(scene()), declared).reason is RefusalReason.TYPE_MISMATCH

    def test_with_another_hash_are_refused(self) -> None:
        finding = INSPECTOR.inspect(b"#!AMR\n", sha256="0" * 64, size_bytes=6, content_type="audio/amr")
        assert finding.reason is RefusalReason.HASH_MISMATCH
