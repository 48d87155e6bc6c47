"""Photos checked and made small, by Pillow and pillow-heif.

Checks run from cheap to dear: size, hash, real type, pixels by the header, and only then one decode for both
derivatives. Bad bytes give a finding with a reason, never an exception. Only a file's first picture is decoded, however
many it holds, and one whose decoding would take more than DECODE_BUDGET_BYTES is refused before it starts.
"""

import hashlib
import hmac
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pillow_heif
from PIL import Image, ImageCms

from chalicelib.adapters import exif as exif_block
from chalicelib.domain.photo import DERIVATIVE_EDGES_PX, MAX_PIXELS, RECORDING_TYPES, PhotoFinding, RefusalReason

T = TypeVar("T")
Size = tuple[int, int]

JPEG_QUALITY = 80
# With the file itself (25 MB) and what Python and its libraries take, this stays below 512 MB.
DECODE_BUDGET_BYTES = 320_000_000
# What decoding takes at its peak, measured. libwebp keeps two canvases and hands out a copy; libheif keeps the planes.
WEBP_BYTES_PER_PIXEL, HEIC_BYTES_PER_PIXEL, PNG_BYTES_PER_PIXEL = 16, 5, 4
# Larger pictures are averaged in whole steps first; the fine filter then still has half as much again as it needs.
COARSE_EDGE_PX = 2400
BAND_PIXELS = 2_000_000
# libjpeg goes over the whole picture once for each scan; a camera writes about ten.
MAX_JPEG_SCANS = 64

_ALIASES: Mapping[str, str] = {"image/heif": "image/heic"}
# Recorders write either brand: an audio track alone may stand in a container that says video.
_TWINS: Mapping[str, str] = {"audio/mp4": "video/mp4", "video/quicktime": "video/mp4"}
_PILLOW_FORMATS: Mapping[str, str] = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_CONTAINERS = frozenset({b"mif1", b"mif2", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_UPRIGHT: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow, its plugins and pillow-heif raise for bytes that are not what they claim to be.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Decoded pixels, taken in bands of rows so that no second full-size copy is ever made."""

    size: Size
    band: Callable[[int, int], Image.Image]


@dataclass(frozen=True, slots=True)
class _Picture:
    """A file whose header is read. `size` is as stored; `exif` may be asked for after `decode` only."""

    size: Size
    cost_bytes: int
    icc_profile: bytes | None
    decode: Callable[[], _Pixels]
    exif: Callable[[], Image.Exif]
    is_turned_by_decoder: bool = False


class PillowInspector:
    """`time_zone` is where a camera's clock without an offset is read."""

    def __init__(self, time_zone: str, max_pixels: int = MAX_PIXELS) -> None:
        self._zone = ZoneInfo(time_zone)
        self._max_pixels = max_pixels

    def inspect(self, data: bytes, *, sha256: str, size_bytes: int, content_type: str) -> PhotoFinding:
        """Check hash, real type and pixels, read EXIF, and make the derivatives. Never raises for bad bytes."""
        if len(data) != size_bytes:
            return PhotoFinding(RefusalReason.SIZE_MISMATCH)
        if not hmac.compare_digest(hashlib.sha256(data).hexdigest().encode(), sha256.lower().encode()):
            return PhotoFinding(RefusalReason.HASH_MISMATCH)
        if content_type.lower() in RECORDING_TYPES:
            real_type = sniff_recording(data)
            is_such = real_type is not None and real_type in (content_type.lower(), _TWINS.get(content_type.lower()))
            return PhotoFinding(None if is_such else RefusalReason.TYPE_MISMATCH, real_type)
        real_type = sniff(data)
        if real_type is None:
            return PhotoFinding(RefusalReason.UNSUPPORTED_TYPE)
        if real_type != _ALIASES.get(content_type.lower(), content_type.lower()):
            return PhotoFinding(RefusalReason.TYPE_MISMATCH, real_type)
        try:
            return self._look(data, real_type)
        except Image.DecompressionBombError:
            return PhotoFinding(RefusalReason.TOO_MANY_PIXELS, real_type)
        except _UNREADABLE:
            return PhotoFinding(RefusalReason.UNREADABLE, real_type)

    def _look(self, data: bytes, real_type: str) -> PhotoFinding:
        if real_type == "image/webp" and self._is_too_large(_webp_size(data), WEBP_BYTES_PER_PIXEL):
            # libwebp makes its canvases when the file is opened.
            return PhotoFinding(RefusalReason.TOO_MANY_PIXELS, real_type, *_webp_size(data))
        picture = _open_heic(data) if real_type == "image/heic" else _open_pillow(data, real_type)
        if picture.size[0] * picture.size[1] > self._max_pixels or picture.cost_bytes > DECODE_BUDGET_BYTES:
            return PhotoFinding(RefusalReason.TOO_MANY_PIXELS, real_type, *picture.size)
        return self._develop(picture, real_type)

    def _develop(self, picture: _Picture, real_type: str) -> PhotoFinding:
        coarse = _coarse(picture.decode())
        exif = _tolerant(picture.exif) or Image.Exif()
        orientation = 1 if picture.is_turned_by_decoder else _tolerant(lambda: exif_block.orientation(exif)) or 1
        width, height = picture.size if orientation < 5 else picture.size[::-1]
        derivatives, look = _derivatives(coarse, orientation, picture.icc_profile)
        return PhotoFinding(
            None,
            real_type,
            width,
            height,
            _tolerant(lambda: exif_block.taken_at_ms(exif, self._zone)),
            _tolerant(lambda: exif_block.position(exif)),
            derivatives,
            look,
            _tolerant(lambda: exif_block.software(exif)) or "",
            _tolerant(lambda: exif_block.modified_at_ms(exif, self._zone)),
            bool(_tolerant(lambda: exif_block.has_camera(exif))),
        )

    def _is_too_large(self, size: Size, bytes_per_pixel: int) -> bool:
        pixels = size[0] * size[1]
        return pixels > self._max_pixels or pixels * bytes_per_pixel > DECODE_BUDGET_BYTES


def sniff(data: bytes) -> str | None:
    """The real type by the first bytes, or None for one we do not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/heic" if data[4:8] == b"ftyp" and _is_heic(data) else None


def sniff_recording(data: bytes) -> str | None:
    """The real type of a voice note or a video by its first bytes; what is in it is not looked at."""
    if data[4:8] == b"ftyp":
        if data[8:12] == b"qt  ":
            return "video/quicktime"
        return "audio/mp4" if data[8:12] in (b"M4A ", b"M4B ") else "video/mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    heads = {b"#!AMR": "audio/amr", b"OggS": "audio/ogg", b"\xff\xf1": "audio/aac", b"\xff\xf9": "audio/aac"}
    return next((real for head, real in heads.items() if data.startswith(head)), None)


def _is_heic(data: bytes) -> bool:
    """By the brands of the ftyp box: mif1 and msf1 say only "HEIF", and hold AVIF as well. ISO 14496-12, 4.3."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    major, compatible = data[8:12], {data[at : at + 4] for at in range(16, length - 3, 4)}
    if major in _HEIC_BRANDS:
        return True
    return major in _HEIF_CONTAINERS and (bool(compatible & _HEIC_BRANDS) or not compatible & _AVIF_BRANDS)


def _webp_size(data: bytes) -> Size:
    """The canvas by the header. WebP Container Specification; RFC 6386, 9.1."""
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            sides = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
            return sides[0] & 0x3FFF, sides[1] & 0x3FFF
    raise ValueError("no WebP picture")


def _open_pillow(data: bytes, real_type: str) -> _Picture:
    if real_type == "image/jpeg" and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ValueError("too many scans")
    image = Image.open(io.BytesIO(data), formats=(_PILLOW_FORMATS[real_type],))

    def decode() -> _Pixels:
        if max(image.size) > max(DERIVATIVE_EDGES_PX):
            # JPEG only: libjpeg leaves out what a smaller picture does not need. Others ignore it.
            image.draft(None, _fitting(image.size, max(DERIVATIVE_EDGES_PX)))
        image.load()
        return _Pixels(image.size, lambda top, bottom: image.crop((0, top, image.width, bottom)))

    icc_profile = image.info.get("icc_profile")
    return _Picture(image.size, _pillow_cost_bytes(image, real_type), icc_profile, decode, image.getexif)


def _pillow_cost_bytes(image: Image.Image, real_type: str) -> int:
    pixels = image.width * image.height
    if real_type == "image/jpeg":
        # A progressive picture keeps every coefficient, two bytes each; chroma is usually subsampled.
        blocks: list[Size] = [(across, down) for _, across, down, _ in getattr(image, "layer", ())] or [(1, 1)] * 3
        largest = max(across for across, _ in blocks) * max(down for _, down in blocks)
        return 2 * pixels * sum(across * down for across, down in blocks) // largest
    return pixels * (WEBP_BYTES_PER_PIXEL if real_type == "image/webp" else PNG_BYTES_PER_PIXEL)


def _open_heic(data: bytes) -> _Picture:
    """By pillow-heif's own interface: its plugin for Pillow would copy all pixels once more."""
    container = pillow_heif.open_heif(data)
    frame = container[container.primary_index]
    width, height = frame.size
    info = cast(Mapping[str, Any], frame.info)

    def decode() -> _Pixels:
        pixels, stride, mode = memoryview(frame.data), frame.stride, frame.mode
        across, down = frame.size

        def band(top: int, bottom: int) -> Image.Image:
            rows = bytes(pixels[top * stride : bottom * stride])
            return Image.frombytes(mode, (across, bottom - top), rows, "raw", mode, stride)

        return _Pixels((across, down), band)

    def exif() -> Image.Exif:
        block = Image.Exif()
        block.load(info.get("exif") or b"")
        return block

    # Alpha is one plane more and one byte more; deep colour has planes of two bytes.
    bytes_per_pixel = HEIC_BYTES_PER_PIXEL + 2 * frame.has_alpha + 3 * (info.get("bit_depth", 8) > 8)
    return _Picture((width, height), width * height * bytes_per_pixel, info.get("icc_profile"), decode, exif, True)


def _coarse(pixels: _Pixels) -> Image.Image:
    """A plain 8-bit picture of at most twice COARSE_EDGE_PX, by averaging blocks of pixels band by band."""
    width, height = pixels.size
    factor = max(1, max(pixels.size) // COARSE_EDGE_PX)
    step = max(1, BAND_PIXELS // (width * factor)) * factor
    whole: Image.Image | None = None
    for top in range(0, height, step):
        band = _plain(pixels.band(top, min(top + step, height))).reduce(factor)
        whole = whole or Image.new(band.mode, (-(-width // factor), -(-height // factor)))
        whole.paste(band, (0, top // factor))
    if whole is None:
        raise ValueError("a picture without rows")
    return whole


def _plain(band: Image.Image) -> Image.Image:
    """8 bits, no palette, and white where it was transparent."""
    if band.mode in ("RGB", "L", "CMYK"):
        return band
    if band.mode.startswith("I"):
        return band.point(lambda value: value / 256).convert("L")
    if not band.has_transparency_data:
        return band.convert("RGB")
    opaque = Image.new("RGB", band.size, "white")
    rgba = band.convert("RGBA")
    opaque.paste(rgba, mask=rgba.getchannel("A"))
    return opaque


def _derivatives(
    coarse: Image.Image, orientation: int, icc_profile: bytes | None
) -> tuple[tuple[tuple[int, bytes], ...], str]:
    """The JPEGs by their longest edge, and how the picture looks."""
    large = _srgb(_fit(coarse, max(DERIVATIVE_EDGES_PX)), icc_profile)
    if orientation in _UPRIGHT:
        large = large.transpose(_UPRIGHT[orientation])
    pictures = [(edge_px, _fit(large, edge_px)) for edge_px in DERIVATIVE_EDGES_PX]
    smallest = min(pictures, key=lambda one: one[0])[1]
    return tuple((edge_px, _jpeg(picture)) for edge_px, picture in pictures), look_of(smallest)


def look_of(picture: Image.Image) -> str:
    """The difference hash of a picture: 64 bits, each whether a cell of its 9 x 8 grey thumbnail is darker than its right neighbour.
    Krawetz, "Kind of like that" (2013)."""
    cells = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (cells[9 * row + column] < cells[9 * row + column + 1] for row in range(8) for column in range(8))
    return f"{sum(bit << at for at, bit in enumerate(bits)):016x}"


def _fit(image: Image.Image, edge_px: int) -> Image.Image:
    if max(image.size) <= edge_px:
        return image
    return image.resize(_fitting(image.size, edge_px), Image.Resampling.LANCZOS)


def _fitting(size: Size, edge_px: int) -> Size:
    scale = edge_px / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """sRGB pixels, since the derivative carries no profile. A profile that cannot be used is ignored, as viewers do."""
    if icc_profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return cast(Image.Image, converted)
        except (ImageCms.PyCMSError, *_UNREADABLE):
            pass
    return image.convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def _tolerant(read: Callable[[], T]) -> T | None:
    """Metadata that cannot be read is no reason to refuse a photo."""
    try:
        return read()
    except _UNREADABLE:
        return None
