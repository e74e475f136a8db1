"""Pictures that the tenant uploads, made safe to serve: whatever came is decoded and written anew."""

import io
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import connection
from PIL import Image, ImageOps

from audit.errors import InvalidRequest
from programs.models import Environment, Picture

MOST_BYTES = 5 * 2**20
MOST_PIXELS = 40_000_000
MOST_SCANS = 64  # of a JPEG; each is decoded over the whole picture, and may be a few bytes
LARGEST_SIDE = 800  # pixels
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
UNUSED_LAST = timedelta(days=1)
_QUALITY = 82
_DELETE_UNUSED = """
DELETE FROM programs_picture AS picture
WHERE created_at < %s AND NOT EXISTS (SELECT FROM programs_reward WHERE picture_id = picture.id)
AND NOT EXISTS (
    SELECT FROM programs_stampprogram WHERE picture_id = picture.id OR logo_id = picture.id
)
AND NOT EXISTS (SELECT FROM programs_inventoryitem WHERE picture_id = picture.id)
"""


def store_picture(*, environment: Environment, data: bytes) -> Picture:
    """Keep a picture (JPEG, PNG, WebP or GIF; of a moving one the first frame) as WebP of at most 800 pixels a
    side, upright, with nothing of the file but the picture.

    Raises InvalidRequest naming `image` for more than 5 MiB or 40 megapixels, and for what is no picture.
    """
    content, width, height = _rewritten(data)
    return Picture.objects.create(environment=environment, content=content, width=width, height=height)


def delete_unused(*, now: datetime) -> int:
    """Remove the pictures that no reward, stamp card or inventory item shows any more and that are older than a
    day; how many. One statement. `now`: real time."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_UNUSED, [now - UNUSED_LAST])
        deleted: int = cursor.rowcount
    return deleted


def _rewritten(data: bytes) -> tuple[bytes, int, int]:
    if len(data) > MOST_BYTES:
        _refuse("too_large", f"At most {MOST_BYTES // 2**20} MiB.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened)
            _check_scans(opened, data)
            small = _small(opened)
    except InvalidRequest:
        raise
    except Image.DecompressionBombError:
        _refuse("too_large", f"At most {MOST_PIXELS // 10**6} megapixels.")
    except Exception:  # noqa: BLE001 - a broken file makes its decoder raise whatever it likes
        _refuse("invalid", "Give a JPEG, PNG, WebP or GIF picture; this can't be read as one.")
    written = io.BytesIO()
    small.save(written, "WEBP", quality=_QUALITY, method=4)
    return written.getvalue(), small.width, small.height


def _check_size(picture: Image.Image) -> None:
    """By what the file says of itself: nothing is decoded yet, and the decoder makes no more than that."""
    if picture.width * picture.height > MOST_PIXELS:
        told = f"{picture.width} × {picture.height} pixels"
        _refuse("too_large", f"At most {MOST_PIXELS // 10**6} megapixels; this has {told}.")


def _check_scans(picture: Image.Image, data: bytes) -> None:
    """By the markers that begin a scan: progressive pictures of cameras and editors have about ten."""
    if picture.format == "JPEG" and data.count(b"\xff\xda") > MOST_SCANS:
        _refuse("invalid", f"A JPEG of at most {MOST_SCANS} scans; save it anew, not progressive.")


def _small(picture: Image.Image) -> Image.Image:
    picture.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # a JPEG is decoded at a fraction of its size
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    plain.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    plain.info.clear()
    return plain


def _refuse(code: str, detail: str) -> NoReturn:
    raise InvalidRequest.field("image", code, detail)
