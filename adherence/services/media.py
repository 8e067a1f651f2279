"""Pictures and films of a clinic: checked by content, rid of what they tell, kept outside the site.

A picture is decoded and written anew, so nothing but its pixels is left. A film stays in its
container, in which everything beside pictures and sound is blanked (``domain.media``). The bytes
lie in a file with a name of chance; the database knows whose it is.
"""

from __future__ import annotations

import os
import secrets
import warnings
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.media import MediaKind, clean_film
from adherence.services.record import audit_clinic
from adherence.store import exercises as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

PICTURES = ("JPEG", "PNG", "WEBP")
#: A picture of more is refused before it is decoded; a phone's camera takes 12 to 50 million.
MOST_PIXELS = 60_000_000
#: Longer edge of what is kept, in pixels: sharp on a page and on A4.
LONGEST_EDGE = 1_600
QUALITY = 85


@dataclass(frozen=True, slots=True)
class Clean:
    """Bytes that may be kept and shown."""

    kind: MediaKind
    mimetype: str
    content: bytes
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A medium of the actor's clinic, and where its bytes lie."""

    id: UUID
    kind: MediaKind
    mimetype: str
    path: Path
    digest: bytes


def clean(content: bytes) -> Clean:
    """A picture or film as it may be kept.

    Raises:
        InvalidInput: ``empty``, ``too_large``, ``not_a_picture`` (neither a picture nor a film that
            is taken), ``too_many_pixels``, or what ``clean_film`` says.
    """
    if not content:
        raise InvalidInput("media", "empty")
    limits = settings.current()
    looks_like_film = content[4:8] == b"ftyp" or content[:4] == b"\x1aE\xdf\xa3"
    if len(content) > (limits.film_limit if looks_like_film else limits.picture_limit):
        raise InvalidInput("media", "too_large")
    if looks_like_film:
        film = clean_film(content)
        return Clean(MediaKind.FILM, film.mimetype, film.content, film.width, film.height)
    return clean_picture(content)


def clean_picture(content: bytes) -> Clean:
    """The pixels of a picture, upright, in a new file without anything else.

    Raises:
        InvalidInput: ``not_a_picture``, ``too_many_pixels``.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - heavy; few processes need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _written_anew(content)
    except InvalidInput:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
    ) as error:
        # What a damaged file makes Pillow raise depends on where it is damaged.
        raise InvalidInput("media", "not_a_picture") from error


def _written_anew(content: bytes) -> Clean:
    from PIL import Image, ImageOps  # noqa: PLC0415 - as in clean_picture

    with Image.open(BytesIO(content), formats=PICTURES) as found:
        if found.width * found.height > MOST_PIXELS:
            raise InvalidInput("media", "too_many_pixels")
        is_drawing = found.format == "PNG"
        found.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))  # a large JPEG is decoded smaller
        upright = ImageOps.exif_transpose(found)
        has_holes = "A" in upright.getbands() or "transparency" in upright.info
        whole = upright.convert("RGBA" if has_holes else "RGB")
    if has_holes:
        paper = Image.new("RGB", whole.size, "white")
        paper.paste(whole, mask=whole.getchannel("A"))
        whole = paper
    whole.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.LANCZOS)
    # A fresh image carries no profile, comment or text of the old one.
    plain = Image.new("RGB", whole.size)
    plain.paste(whole)
    written = BytesIO()
    if is_drawing:
        plain.save(written, "PNG", optimize=True)
    else:
        plain.save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    mimetype = "image/png" if is_drawing else "image/jpeg"
    return Clean(MediaKind.PICTURE, mimetype, written.getvalue(), *plain.size)


def keep(actor: Actor, found: Clean, now: datetime) -> UUID:
    """Store a cleaned medium for the actor's clinic; its id. One line in the clinic's audit.

    Raises:
        InvalidInput: ``no_room`` where the clinic has used up its share.
    """
    with read() as run:
        used = int(run.value(table.media_total, clinic_id=actor.clinic_id))
    if used + len(found.content) > settings.current().media_limit:
        raise InvalidInput("media", "no_room")
    name = _put(found.content)
    medium_id = new_id()

    def work(run: Run) -> None:
        run.do(
            table.add_medium,
            clinic_id=actor.clinic_id,
            id=medium_id,
            kind=found.kind,
            mimetype=found.mimetype,
            file=name,
            size=len(found.content),
            digest=blake2b(found.content, digest_size=16).digest(),
            width=found.width,
            height=found.height,
            author_id=actor.account_id,
            created_at=now,
        )
        audit_clinic(run, actor, "exercise.medium", medium_id, now)

    try:
        write(work)
    except BaseException:
        (_folder() / name).unlink(missing_ok=True)
        raise
    return medium_id


def medium(actor: Actor, medium_id: UUID) -> Kept:
    """A medium of the actor's clinic.

    Raises:
        NotFound: there is none, or it is another clinic's, or its file is gone.
    """
    with read() as run:
        row: Any = run.first(table.medium, clinic_id=actor.clinic_id, medium_id=medium_id)
    if row is None:
        raise NotFound
    path = _folder() / row.file
    if not path.is_file():
        raise NotFound
    return Kept(row.id, row.kind, row.mimetype, path, bytes(row.digest))


def _folder() -> Path:
    folder = Path(settings.current().media_folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _put(content: bytes) -> str:
    """Write a new file that only we may read, down to the disk; its name."""
    name = secrets.token_hex(16)
    descriptor = os.open(_folder() / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return name
