"""Photos made on the spot, as a phone would: JPEG with EXIF time, position and orientation."""

from datetime import datetime, timedelta, timezone
from io import BytesIO

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

CHINA = timezone(timedelta(hours=8))


def take_photo(label: str, *, latitude: float, longitude: float, at: datetime | None = None) -> bytes:
    """A 1600 x 1200 JPEG that says `label`, taken now at a place (WGS 84)."""
    moment = (at or datetime.now(CHINA)).astimezone(CHINA)
    image = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 60, 1540, 260), fill=(24, 92, 64))
    draw.text((90, 100), f"{label}\n{moment.isoformat(timespec='seconds')}", fill=(255, 255, 255), font_size=48)
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.Orientation] = "Green Shield", "demo phone", 1
    details = exif.get_ifd(IFD.Exif)
    details[Base.DateTimeOriginal] = moment.strftime("%Y:%m:%d %H:%M:%S")
    details[Base.OffsetTimeOriginal] = "+08:00"
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N" if latitude >= 0 else "S", _degrees(latitude)
    place[GPS.GPSLongitudeRef], place[GPS.GPSLongitude] = "E" if longitude >= 0 else "W", _degrees(longitude)
    out = BytesIO()
    image.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    whole = abs(value)
    minutes = (whole % 1) * 60
    return float(int(whole)), float(int(minutes)), round((minutes % 1) * 60, 4)
