"""photo.ratio: judging a 12-megapixel JPEG of a phone in full (hash, type, pixels, EXIF, both upright pictures, the look), beside what Pillow
alone takes for thumbnails of the same two sizes in draft mode. Both in this process, in turns; CPU time, as the machine is shared.

The picture is made here: soft gradients with a sensor's noise and a few hard edges, at quality 90, stored on its side as phones do.
"""

import hashlib
import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from bench.figure import Figure, alternate
from chalicelib.adapters.photos import JPEG_QUALITY, PillowInspector
from chalicelib.domain.photo import DERIVATIVE_EDGES_PX

SIZE = (4032, 3024)
TARGET = 1.3
UPRIGHT_TAG, ON_ITS_SIDE = 0x0112, 6


def figures() -> list[Figure]:
    data = picture()
    digest = hashlib.sha256(data).hexdigest()
    inspector = PillowInspector("Asia/Shanghai")

    def judge() -> None:
        finding = inspector.inspect(data, sha256=digest, size_bytes=len(data), content_type="image/jpeg")
        if finding.reason is not None or len(finding.derivatives) != len(DERIVATIVE_EDGES_PX):
            raise RuntimeError(f"not judged: {finding.reason}")

    ours_s, floor_s = alternate(judge, thumbnails_of(data))
    note = f"{SIZE[0]} x {SIZE[1]}, {len(data) / 2**20:.1f} MB"
    return [Figure("photo.ratio", ours_s * 1000, "ms", floor_s * 1000, TARGET, bound="ratio", note=note)]


def thumbnails_of(data: bytes) -> Callable[[], None]:
    """Pillow's own way for each size: draft, decode, thumbnail, save."""

    def make() -> None:
        for edge_px in DERIVATIVE_EDGES_PX:
            image = Image.open(io.BytesIO(data))
            image.draft("RGB", (edge_px, edge_px))
            image.thumbnail((edge_px, edge_px))
            image.save(io.BytesIO(), "JPEG", quality=JPEG_QUALITY)

    return make


def picture() -> bytes:
    chance = random.Random(12)
    soft = Image.effect_noise((SIZE[0] // 16, SIZE[1] // 16), 90).resize(SIZE, Image.Resampling.BICUBIC)
    red, blue = soft.filter(ImageFilter.GaussianBlur(9)), Image.linear_gradient("L").resize(SIZE)
    image = Image.merge("RGB", (red, soft, blue))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        colour = tuple(chance.randrange(256) for _ in range(3))
        pen.rectangle((x, y, x + chance.randrange(20, 400), y + chance.randrange(20, 400)), fill=colour)
    noise = Image.merge("RGB", [Image.effect_noise(SIZE, 12) for _ in range(3)])
    image = Image.blend(image, noise, 0.25)
    exif = Image.Exif()
    exif[UPRIGHT_TAG] = ON_ITS_SIDE
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()
