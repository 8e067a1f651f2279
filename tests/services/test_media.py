"""Pictures and films: what is taken, what is taken out, and where the bytes lie."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from adherence import settings
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.media import MediaKind
from adherence.services import media
from tests.domain.films import GPS, mp4, webm
from tests.wards import MONDAY, clinic

CANARY = "Ruth Aldous, 52.52 N 13.40 E"


def picture(kind="JPEG", size=(64, 48), mode="RGB", **more):
    """A picture of a red left half and a blue right half."""
    image = Image.new(mode, size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    written = BytesIO()
    image.save(written, kind, **more)
    return written.getvalue()


def telling(kind):
    """A picture that says who took it where, in every way that its kind has."""
    exif = Image.Exif()
    exif[0x010F] = CANARY
    exif[0x9286] = CANARY
    exif.get_ifd(0x8825)[1] = "N"
    if kind == "PNG":
        said = PngInfo()
        said.add_text("Comment", CANARY)
        said.add_itxt("Author", CANARY)
        return picture(kind, exif=exif, pnginfo=said)
    if kind == "JPEG":
        return picture(kind, exif=exif, comment=CANARY.encode(), icc_profile=CANARY.encode() * 9)
    return picture(kind, exif=exif, icc_profile=CANARY.encode() * 9, xmp=CANARY.encode())


@pytest.fixture
def therapist(app):
    return clinic()[1]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_pixels_of_a_picture_is_left(kind):
    given = telling(kind)
    assert CANARY.encode() in given

    found = media.clean(given)

    assert CANARY.encode() not in found.content
    with Image.open(BytesIO(found.content)) as read:
        assert not read.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp", "Comment", "Author"} & read.info.keys()
        assert read.size == (64, 48)
        red, _green, blue = read.convert("RGB").getpixel((8, 24))
        assert red > 200 > blue
    assert found.kind is MediaKind.PICTURE
    assert (found.width, found.height) == (64, 48)


@pytest.mark.usefixtures("app")
def test_a_picture_that_a_phone_turned_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    found = media.clean(picture("JPEG", exif=exif))

    assert (found.width, found.height) == (48, 64)


@pytest.mark.usefixtures("app")
def test_a_large_picture_becomes_as_large_as_a_page_needs():
    found = media.clean(picture("JPEG", (4000, 3000)))

    assert (found.width, found.height) == (1600, 1200)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_holes_in_a_picture_become_white_paper(mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)
    written = BytesIO()
    image.save(written, "PNG")

    found = media.clean(written.getvalue())

    with Image.open(BytesIO(found.content)) as read:
        assert read.mode == "RGB"
        if mode in ("RGBA", "LA"):
            assert read.getpixel((4, 4)) == (255, 255, 255)


def bomb():
    """A PNG of fifty thousand by fifty thousand pixels in a few bytes."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000)))
        + chunk(b"IEND", b"")
    )


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (SVG, "not_a_picture"),
        (b"<!doctype html><script>alert(1)</script>", "not_a_picture"),
        (picture("GIF"), "not_a_picture"),
        (picture("BMP"), "not_a_picture"),
        (picture("TIFF"), "not_a_picture"),
        (picture("JPEG")[:200], "not_a_picture"),
        (picture("PNG")[:60], "not_a_picture"),
        (b"%PDF-1.7\n" + bytes(100), "not_a_picture"),
        (b"%!PS-Adobe-3.0\n" + bytes(100), "not_a_picture"),
        (b"MZ" + bytes(400), "not_a_picture"),
        (b"PK\x03\x04" + bytes(400), "not_a_picture"),
        (bomb(), "not_a_picture"),
        (mp4()[:300], "broken"),
        (mp4(coding=b"hvc1"), "codec"),
    ],
)
def test_what_is_neither_picture_nor_film_is_refused(content, why):
    with pytest.raises(InvalidInput) as refused:
        media.clean(content)

    assert refused.value.message_key == why


@pytest.mark.usefixtures("app")
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(media, "MOST_PIXELS", 1_000)
    monkeypatch.setattr(Image.Image, "convert", None)

    with pytest.raises(InvalidInput) as refused:
        media.clean(picture())

    assert refused.value.message_key == "too_many_pixels"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", SVG, b"PK\x05\x06" + bytes(18)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_on_behind_a_picture_is_gone(kind, tail):
    assert tail not in media.clean(picture(kind) + tail).content


def allow(app, **limits):
    app.extensions[settings.EXTENSION] = replace(app.extensions[settings.EXTENSION], **limits)


def test_files_that_are_too_large_are_refused_by_their_kind(app):
    allow(app, picture_limit=100, film_limit=200)

    for content in (picture(), mp4()):
        with pytest.raises(InvalidInput) as refused:
            media.clean(content)
        assert refused.value.message_key == "too_large"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("film", "mimetype"), [(mp4(), "video/mp4"), (webm(), "video/webm")])
def test_a_film_is_kept_without_what_it_tells(therapist, film, mimetype):
    found = media.medium(therapist, media.keep(therapist, media.clean(film), MONDAY))

    assert (found.kind, found.mimetype) == (MediaKind.FILM, mimetype)
    assert GPS not in found.path.read_bytes()


def test_bytes_lie_under_a_name_of_chance_that_only_we_may_read(app, therapist):
    folder = Path(settings.current().media_folder)
    ids = [media.keep(therapist, media.clean(picture()), MONDAY) for _ in range(2)]
    paths = [media.medium(therapist, one).path for one in ids]

    assert len({path.name for path in paths}) == 2
    for one, path in zip(ids, paths, strict=True):
        assert path.parent == folder
        assert len(path.name) == 32
        assert one.hex not in path.name
        assert path.stat().st_mode & 0o777 == 0o600
    assert not folder.is_relative_to(Path(app.static_folder))


@pytest.mark.usefixtures("app")
def test_another_clinic_has_no_such_medium(therapist):
    medium_id = media.keep(therapist, media.clean(picture()), MONDAY)
    _, other = clinic(name="Elsewhere")

    with pytest.raises(NotFound):
        media.medium(other, medium_id)


def test_a_clinic_has_room_for_its_share_and_not_more(app, therapist):
    found = media.clean(picture())
    allow(app, media_limit=len(found.content) + 10)
    media.keep(therapist, found, MONDAY)
    before = set(Path(settings.current().media_folder).iterdir())

    with pytest.raises(InvalidInput) as refused:
        media.keep(therapist, found, MONDAY)

    assert refused.value.message_key == "no_room"
    assert set(Path(settings.current().media_folder).iterdir()) == before


def test_a_file_whose_row_could_not_be_written_is_taken_away(app, therapist, monkeypatch):
    before = set(Path(settings.current().media_folder).iterdir())

    def broken(*_args):
        raise OSError("disk full")

    monkeypatch.setattr(media, "audit_clinic", broken)
    with pytest.raises(OSError, match="disk full"):
        media.keep(therapist, media.clean(picture()), MONDAY)

    assert set(Path(settings.current().media_folder).iterdir()) == before


@pytest.mark.usefixtures("app")
def test_a_medium_whose_file_is_gone_is_not_there(therapist):
    medium_id = media.keep(therapist, media.clean(picture()), MONDAY)
    media.medium(therapist, medium_id).path.unlink()

    with pytest.raises(NotFound):
        media.medium(therapist, medium_id)
