"""Uploaded pictures: made small, upright and harmless, and served so that browsers keep them."""

import io
import struct
import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image, PngImagePlugin

from audit.errors import InvalidRequest
from programs.actions.inventory import configure_inventory_set
from programs.actions.pictures import MOST_BYTES, UNUSED_LAST, delete_unused, store_picture
from programs.models import Environment, InventorySet, Picture
from programs.pictures import picture_path
from tests.factories import make_actor, make_coupon, make_environment, make_reward, make_stamp_program

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def written(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def halves(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture.convert(mode)


def stored(environment: Environment, data: bytes) -> tuple[Picture, Image.Image]:
    picture = store_picture(environment=environment, data=data)
    picture.refresh_from_db()
    opened = Image.open(io.BytesIO(bytes(picture.content)))
    assert (opened.format, opened.size) == ("WEBP", (picture.width, picture.height))
    return picture, opened


def is_near(found: Any, wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(found, wanted, strict=True))


def refused(environment: Environment, data: bytes) -> tuple[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        store_picture(environment=environment, data=data)
    assert not Picture.objects.filter(environment=environment).exists()
    (error,) = refusal.value.errors
    assert error.field == "image"
    return error.code, error.detail


# What is kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("RGB", "L", "P", "1")),
        *(("GIF", mode) for mode in ("RGB", "L", "P", "1")),
        *(("JPEG", mode) for mode in ("RGB", "L")),
        ("WEBP", "RGB"),
    ],
)
def test_every_usual_kind_of_picture_becomes_webp(environment: Environment, kind: str, mode: str) -> None:
    picture, opened = stored(environment, written(halves(mode=mode), kind))
    assert (picture.environment_id, opened.size, opened.mode) == (environment.pk, (40, 20), "RGB")
    left, right = opened.getpixel((5, 10)), opened.getpixel((35, 10))
    assert left != right
    if mode == "RGB":
        assert is_near(left, RED)
        assert is_near(right, BLUE)


@pytest.mark.django_db
def test_a_jpeg_for_print_becomes_one_for_screens(environment: Environment) -> None:
    _, opened = stored(environment, written(halves(mode="CMYK"), "JPEG"))
    assert opened.mode == "RGB"
    assert is_near(opened.getpixel((5, 10)), RED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((800, 800), (800, 800)),
        ((801, 801), (800, 800)),
        ((1600, 400), (800, 200)),
        ((300, 3000), (80, 800)),
        ((3, 2), (3, 2)),
        ((4000, 1), (800, 1)),
    ],
)
def test_it_is_shrunk_in_proportion_and_never_enlarged(
    environment: Environment, size: tuple[int, int], small: tuple[int, int]
) -> None:
    for kind in ("PNG", "JPEG"):
        _, opened = stored(environment, written(Image.new("RGB", size, GREEN), kind))
        assert opened.size == small


@pytest.mark.django_db
def test_a_picture_taken_on_its_side_is_stored_upright(environment: Environment) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to the right to see it
    _, opened = stored(environment, written(halves(), "JPEG", exif=exif))
    assert opened.size == (20, 40)
    assert is_near(opened.getpixel((10, 5)), RED)
    assert is_near(opened.getpixel((10, 35)), BLUE)


@pytest.mark.django_db
def test_nothing_of_the_file_is_kept_but_the_picture(environment: Environment) -> None:
    exif, secret = Image.Exif(), b"52.5200 N 13.4050 E"
    exif[0x010E] = secret.decode()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", secret.decode())
    files = [
        written(halves(), "JPEG", exif=exif, comment=secret, icc_profile=secret * 10),
        written(halves(), "PNG", pnginfo=text, exif=exif),
        written(halves(), "WEBP", exif=exif, xmp=secret),
        written(halves(), "GIF", comment=secret),
    ]
    for data in files:
        assert secret in data, "it was there"
        picture, opened = stored(environment, data)
        assert secret not in bytes(picture.content)
        assert [name for name in opened.info if name in ("exif", "icc_profile", "xmp", "comment")] == []


@pytest.mark.django_db
@pytest.mark.parametrize("tail", [b"<?php system($_GET[0]); ?>", b"<script>alert(1)</script>", b"PK\x03\x04"])
def test_what_hangs_on_a_picture_is_dropped(environment: Environment, tail: bytes) -> None:
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        picture, _ = stored(environment, written(halves(), kind) + tail * 20)
        assert tail not in bytes(picture.content)


@pytest.mark.django_db
def test_what_is_transparent_stays_so(environment: Environment) -> None:
    clear = Image.new("RGBA", (10, 10), (*RED, 0))
    clear.paste((*BLUE, 255), (5, 0, 10, 10))
    palette = clear.convert("P")
    palette.info["transparency"] = palette.getpixel((1, 1))
    for data in (written(clear), written(clear, "WEBP", lossless=True), written(palette, "GIF")):
        _, opened = stored(environment, data)
        assert opened.mode == "RGBA"
        assert [opened.getpixel((x, 5))[3] for x in (1, 8)] == [0, 255]  # type: ignore[index]


@pytest.mark.django_db
def test_of_a_moving_picture_the_first_frame_is_kept(environment: Environment) -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in (GREEN, RED, BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = written(frames[0], kind, save_all=True, append_images=frames[1:])
        _, opened = stored(environment, data)
        assert getattr(opened, "n_frames", 1) == 1
        assert is_near(opened.convert("RGB").getpixel((5, 5)), GREEN)


# What is refused


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><img src=x onerror=alert(1)></html>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"GIF89a<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_picture_is_refused(environment: Environment, data: bytes) -> None:
    assert refused(environment, data)[0] == "invalid"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA"])
def test_other_kinds_are_refused_whatever_they_hold(environment: Environment, kind: str) -> None:
    code, detail = refused(environment, written(halves(), kind))
    assert (code, "JPEG, PNG, WebP or GIF" in detail) == ("invalid", True)


@pytest.mark.django_db
def test_a_jpeg_that_is_painted_over_and_over_is_refused(environment: Environment) -> None:
    """Each scan is a few bytes, and is decoded over the whole picture."""
    whole = written(halves(400, 400), "JPEG", progressive=True)
    assert stored(environment, whole)[1].size == (400, 400)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert refused(make_environment(), whole[:-2] + last * 64 + whole[-2:])[0] == "invalid"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_file_that_was_cut_off_is_refused(environment: Environment, kind: str) -> None:
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    whole = written(noise, kind)
    for length in (12, len(whole) // 2):
        assert refused(environment, whole[:length])[0] == "invalid"


@pytest.mark.django_db
def test_files_of_more_than_five_megabytes_are_refused_unread(environment: Environment) -> None:
    data = written(halves())
    assert refused(environment, data + b"\0" * (MOST_BYTES + 1 - len(data)))[0] == "too_large"
    stored(environment, data + b"\0" * (MOST_BYTES - len(data)))


def png_of(width: int, height: int) -> bytes:
    """A small file that says it is so large; black."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.django_db
@pytest.mark.parametrize("size", [(8_000, 5_001), (40_000, 40_000), (2**31 - 1, 2**31 - 1), (1, 40_000_001)])
def test_a_bomb_is_refused_by_what_it_says_of_itself(environment: Environment, size: tuple[int, int]) -> None:
    data = png_of(*size)
    assert len(data) < 1_000
    code, detail = refused(environment, data)
    assert (code, detail.startswith("At most 40 megapixels")) == ("too_large", True)


@pytest.mark.django_db
def test_a_bomb_of_text_is_refused(environment: Environment) -> None:
    text = PngImagePlugin.PngInfo()
    for number in range(70):
        text.add_text(f"bomb {number}", "x" * (1 << 20), zip=True)
    data = written(halves(), pnginfo=text)
    assert len(data) < 200_000
    assert refused(environment, data)[0] == "invalid"


@pytest.mark.django_db
def test_forty_megapixels_are_taken(environment: Environment) -> None:
    _, opened = stored(environment, written(Image.new("L", (8_000, 5_000)), "JPEG"))
    assert opened.size == (800, 500)


# What becomes of it


@pytest.mark.django_db
def test_a_picture_that_no_reward_shows_goes_after_a_day(environment: Environment) -> None:
    shown, replaced = (store_picture(environment=environment, data=written(halves())) for _ in range(2))
    make_reward(environment, picture=shown)
    delete_unused(now=replaced.created_at + UNUSED_LAST)
    assert set(Picture.objects.filter(environment=environment)) == {shown, replaced}
    assert delete_unused(now=replaced.created_at + UNUSED_LAST + timedelta(seconds=1)) >= 1
    assert set(Picture.objects.filter(environment=environment)) == {shown}


@pytest.mark.django_db
def test_a_picture_that_a_stamp_card_shows_stays(environment: Environment) -> None:
    image, logo, replaced = (store_picture(environment=environment, data=written(halves())) for _ in range(3))
    make_stamp_program(environment, picture=image, logo=logo)
    delete_unused(now=replaced.created_at + UNUSED_LAST + timedelta(seconds=1))
    assert set(Picture.objects.filter(environment=environment)) == {image, logo}


@pytest.mark.django_db
def test_a_picture_of_an_item_stays(environment: Environment) -> None:
    badge, coupon, replaced = (
        store_picture(environment=environment, data=written(halves())) for _ in range(3)
    )
    make_coupon(environment, picture=coupon)
    configure_inventory_set(
        environment=environment,
        inventory_set=InventorySet.objects.get(environment=environment, public_id="coupons"),
        actor=make_actor(),
        changes={},
        items=[{"id": "tea", "title": "Tea"}, {"id": "gold", "title": "Gold", "picture": badge}],
        is_used=lambda _: True,
    )
    delete_unused(now=replaced.created_at + UNUSED_LAST + timedelta(seconds=1))
    assert set(Picture.objects.filter(environment=environment)) == {badge, coupon}, (
        "one left out stays as it was"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("UPDATE programs_picture SET width = 1", "is append-only"),
        ("DELETE FROM programs_picture", "reward_picture_fk"),
        ("TRUNCATE programs_picture CASCADE", "is append-only"),
    ],
)
def test_sql_can_not_change_a_picture_or_take_it_from_its_reward(
    environment: Environment, sql: str, refusal: str
) -> None:
    make_reward(environment, picture=store_picture(environment=environment, data=written(halves())))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match=refusal):
            cursor.execute(sql)


# Serving


@pytest.fixture
def picture(environment: Environment) -> Picture:
    return store_picture(environment=environment, data=written(halves()))


def test_everybody_may_load_it_and_keep_it_for_good(picture: Picture) -> None:
    path = picture_path(picture.pk)
    assert path == f"/pictures/{picture.pk}.webp"
    with CaptureQueriesContext(connection) as seen:
        answer = Client().get(path)
    assert len(seen) == 1
    assert (answer.status_code, answer.content) == (200, bytes(picture.content))
    wanted = {
        "Content-Type": "image/webp",
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{picture.pk.hex}"',
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_browser_that_has_it_is_told_so_without_a_statement(picture: Picture) -> None:
    path = picture_path(picture.pk)
    tag = Client().get(path).headers["ETag"]
    with CaptureQueriesContext(connection) as seen:
        answer = Client().get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, len(seen)) == (304, b"", 0)
    assert Client().get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    head = Client().head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_nothing_else_is_there_to_be_had(picture: Picture) -> None:
    path = picture_path(picture.pk)
    unknown = Client().get(picture_path(uuid4()))
    assert (unknown.status_code, unknown.headers["Content-Type"]) == (404, "text/plain")
    for other in ("/pictures/", "/pictures/1.webp", path.replace(".webp", ".svg"), f"{path}/..%2f"):
        assert Client().get(other).status_code == 404
    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(path).status_code == 405
