"""Pictures and films that a clinic adds: what is taken, and what is left of a film.

A film is told by its content and stays in its own container; whatever in the container could say
who filmed, with what, where and when is blanked in place, so that no sample moves and nothing has
to be decoded. What an encoder wrote between the compressed pictures themselves is not looked at.

Sources: ISO/IEC 14496-12 (boxes), QuickTime File Format, RFC 8794 (EBML), RFC 9559 (Matroska).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from adherence.domain.errors import InvalidInput

FIELD = "film"


class MediaKind(StrEnum):
    """The two kinds of media."""

    PICTURE = "picture"
    FILM = "film"


@dataclass(frozen=True, slots=True)
class Film:
    """A film as it is kept: its type, its bytes, and its size in pixels where it says one."""

    mimetype: str
    content: bytes
    width: int | None
    height: int | None


def clean_film(content: bytes) -> Film:
    """The same film without what it says of people and places.

    Raises:
        InvalidInput: ``not_a_film`` (neither MP4 nor WebM), ``broken``, ``codec`` (pictures or
            sound that browsers do not play), ``data_track`` (something beside pictures and sound
            that cannot be taken out).
    """
    try:
        if content[4:8] == b"ftyp":
            return _Mp4(bytearray(content)).cleaned()
        if content[:4] == b"\x1aE\xdf\xa3":
            return _WebM(bytearray(content)).cleaned()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InvalidInput(FIELD, "broken") from error
    raise InvalidInput(FIELD, "not_a_film")


# --- MP4 ---------------------------------------------------------------------------------------

BRANDS = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 avc1 av01 dash M4V_ M4VP MSNV qt__"
    b" 3gp4 3gp5 3gp6".split()
)
PLAYED = {
    b"vide": frozenset({b"avc1", b"avc3", b"av01", b"vp09", b"vp08"}),
    b"soun": frozenset({b"mp4a", b"Opus", b".mp3"}),
}
#: What stays in each box, by the box around it. Everything else is blanked.
KEPT: dict[bytes, frozenset[bytes]] = {
    b"": frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"sidx", b"styp", b"mfra"}),
    b"moov": frozenset({b"mvhd", b"trak", b"mvex"}),
    b"trak": frozenset({b"tkhd", b"mdia", b"edts", b"tapt"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf", b"elng"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"hdlr", b"dinf", b"stbl"}),
    b"stbl": frozenset(b"stsd stts ctts cslg stss stsc stsz stz2 stco co64 sdtp sgpd sbgp".split()),
    b"moof": frozenset({b"mfhd", b"traf"}),
    b"traf": frozenset({b"tfhd", b"tfdt", b"trun", b"sdtp", b"sgpd", b"sbgp"}),
}
#: The boxes that say when the film was made, right after version and flags.
DATED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
#: Version, flags, an unused word, the handler's kind and three more words stand before its name.
HANDLER_NAME = 24


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int


class _Mp4:
    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.has_fragments = False
        self.has_pictures = False
        self.size: tuple[int, int] | None = None

    def cleaned(self) -> Film:
        brand = bytes(self.data[8:12]).replace(b" ", b"_")
        if brand not in BRANDS:
            raise InvalidInput(FIELD, "not_a_film")
        top = list(self._boxes(0, len(self.data)))
        self.has_fragments = any(box.kind == b"moof" for box in top)
        for box in top:
            if box.kind not in KEPT[b""]:
                self._blank(box)
            elif box.kind in KEPT:
                self._clean(box)
        if not self.has_pictures:
            raise InvalidInput(FIELD, "not_a_film")
        width, height = self.size or (None, None)
        return Film("video/mp4", bytes(self.data), width, height)

    def _boxes(self, start: int, end: int) -> Iterator[_Box]:
        at = start
        while at < end:
            size, kind = struct.unpack_from(">I4s", self.data, at)
            body = at + 8
            if size == 1:
                (size,) = struct.unpack_from(">Q", self.data, body)
                body += 8
            elif size == 0 and end == len(self.data):
                size = end - at
            if at + size > end or at + size < body:
                raise InvalidInput(FIELD, "broken")
            yield _Box(kind, at, body, at + size)
            at += size

    def _blank(self, box: _Box) -> None:
        self.data[box.start + 4 : box.start + 8] = b"free"
        self._zero(box.body, box.end)

    def _zero(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= len(self.data):
            raise InvalidInput(FIELD, "broken")
        self.data[start:end] = bytes(end - start)

    def _clean(self, around: _Box) -> None:
        for box in list(self._boxes(around.body, around.end)):
            if box.kind not in KEPT[around.kind]:
                self._blank(box)
                continue
            if box.kind == b"trak" and not self._is_seen_or_heard(box):
                self._blank(box)
                continue
            if box.kind in DATED:
                wide = 8 if self.data[box.body] == 1 else 4
                self._zero(box.body + 4, box.body + 4 + 2 * wide)
            if box.kind == b"hdlr":
                self._zero(min(box.body + HANDLER_NAME, box.end), box.end)
            if box.kind in KEPT:
                self._clean(box)

    def _child(self, box: _Box | None, *path: bytes) -> _Box | None:
        for kind in path:
            if box is None:
                return None
            inside = self._boxes(box.body, box.end)
            box = next((one for one in inside if one.kind == kind), None)
        return box

    def _is_seen_or_heard(self, trak: _Box) -> bool:
        """Whether a track holds pictures or sound; the samples of any other are wiped out."""
        handler = self._child(trak, b"mdia", b"hdlr")
        table = self._child(trak, b"mdia", b"minf", b"stbl")
        if handler is None or table is None:
            raise InvalidInput(FIELD, "broken")
        kind = bytes(self.data[handler.body + 8 : handler.body + 12])
        self._check_is_whole(trak)
        if kind not in PLAYED:
            if self.has_fragments:
                raise InvalidInput(FIELD, "data_track")
            wiped = 0
            for start, end in self._samples(table):
                wiped += end - start
                if wiped > len(self.data):  # chunks on top of each other: made to keep us busy
                    raise InvalidInput(FIELD, "broken")
                self._zero(start, end)
            return False
        described = self._child(table, b"stsd")
        if described is None:
            raise InvalidInput(FIELD, "broken")
        coded = {box.kind for box in self._boxes(described.body + 8, described.end)}
        if not coded or not coded <= PLAYED[kind]:
            raise InvalidInput(FIELD, "codec")
        if kind == b"vide":
            self.has_pictures = True
            header = self._child(trak, b"tkhd")
            if header is not None:
                wide, high = struct.unpack_from(">II", self.data, header.end - 8)
                self.size = (wide >> 16, high >> 16)
        return True

    def _check_is_whole(self, trak: _Box) -> None:
        """Refuse a track whose samples lie in another file."""
        references = self._child(trak, b"mdia", b"minf", b"dinf", b"dref")
        if references is None:
            raise InvalidInput(FIELD, "broken")
        for box in self._boxes(references.body + 8, references.end):
            if not self.data[box.body + 3] & 1:
                raise InvalidInput(FIELD, "broken")

    def _samples(self, table: _Box) -> Iterator[tuple[int, int]]:
        """Where the chunks of a track lie in the file."""
        sizes = self._child(table, b"stsz")
        runs = self._child(table, b"stsc")
        offsets = self._child(table, b"stco") or self._child(table, b"co64")
        if sizes is None or runs is None or offsets is None:
            raise InvalidInput(FIELD, "data_track")
        same, many = struct.unpack_from(">II", self.data, sizes.body + 4)
        if same == 0 and many > (sizes.end - sizes.body - 12) // 4:
            raise InvalidInput(FIELD, "broken")
        lengths = struct.unpack_from(f">{many}I", self.data, sizes.body + 12) if same == 0 else None
        form, wide = (">I", 4) if offsets.kind == b"stco" else (">Q", 8)
        (chunks,) = struct.unpack_from(">I", self.data, offsets.body + 4)
        (steps,) = struct.unpack_from(">I", self.data, runs.body + 4)
        if chunks * wide > offsets.end - offsets.body or steps * 12 > runs.end - runs.body:
            raise InvalidInput(FIELD, "broken")
        starts = [
            struct.unpack_from(">II", self.data, runs.body + 8 + 12 * index)
            for index in range(steps)
        ]
        sample, step = 0, 0
        for chunk in range(1, chunks + 1):
            while step + 1 < len(starts) and starts[step + 1][0] <= chunk:
                step += 1
            held = starts[step][1] if starts else 0
            (begin,) = struct.unpack_from(form, self.data, offsets.body + 8 + wide * (chunk - 1))
            until = min(sample + held, many)
            length = same * (until - sample) if lengths is None else sum(lengths[sample:until])
            sample = until
            yield begin, begin + length


# --- WebM --------------------------------------------------------------------------------------

HEADER, DOC_TYPE, SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
TAGS, ATTACHMENTS, CHAPTERS = 0x1254C367, 0x1941A469, 0x1043A770
VOID = 0xEC
TIMECODE_SCALE, DURATION, MUXING_APP, WRITING_APP = 0x2AD7B1, 0x4489, 0x4D80, 0x5741
TRACK, TRACK_TYPE, TRACK_NAME, CODEC, VIDEO, WIDTH, HEIGHT = (
    0xAE,
    0x83,
    0x536E,
    0x86,
    0xE0,
    0xB0,
    0xBA,
)
CODECS = {1: frozenset({"V_VP8", "V_VP9", "V_AV1"}), 2: frozenset({"A_OPUS", "A_VORBIS"})}
INSIDE_SEGMENT = frozenset(
    {SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, TAGS, ATTACHMENTS, CHAPTERS, VOID}
)
STAYS_IN_SEGMENT = frozenset({SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES})
STAYS_IN_INFO = frozenset({TIMECODE_SCALE, DURATION, MUXING_APP, WRITING_APP})
#: The longest element that a size of one byte can describe: identifier, size, 126 bytes.
SHORT_VOID = 128


@dataclass(frozen=True, slots=True)
class _Element:
    name: int
    start: int
    body: int
    #: None where the element does not say how long it is.
    end: int | None


class _WebM:
    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.size: tuple[int, int] | None = None
        self.has_pictures = False

    def cleaned(self) -> Film:
        header = self._element(0, len(self.data))
        if header.end is None:
            raise InvalidInput(FIELD, "broken")
        kinds = [one for one in self._elements(header.body, header.end) if one.name == DOC_TYPE]
        if [self._text(one) for one in kinds] != ["webm"]:
            raise InvalidInput(FIELD, "not_a_film")
        segment = self._element(header.end, len(self.data))
        if segment.name != SEGMENT:
            raise InvalidInput(FIELD, "broken")
        # Bytes after the segment belong to no film.
        end = len(self.data) if segment.end is None else segment.end
        del self.data[end:]
        self._clean_segment(segment.body, end)
        if not self.has_pictures:
            raise InvalidInput(FIELD, "not_a_film")
        width, height = self.size or (None, None)
        return Film("video/webm", bytes(self.data), width, height)

    def _number(self, at: int, keep_marker: bool) -> tuple[int, int]:
        """A number of variable length at ``at``, and where it ends."""
        first = self.data[at]
        if first == 0:
            raise InvalidInput(FIELD, "broken")
        length = 9 - first.bit_length()
        value = int.from_bytes(self.data[at : at + length], "big")
        if at + length > len(self.data):
            raise InvalidInput(FIELD, "broken")
        return (value if keep_marker else value & (1 << 7 * length) - 1), at + length

    def _element(self, at: int, end: int) -> _Element:
        name, after = self._number(at, keep_marker=True)
        length, body = self._number(after, keep_marker=False)
        if length == (1 << 7 * (body - after)) - 1:
            return _Element(name, at, body, None)
        if body + length > end:
            raise InvalidInput(FIELD, "broken")
        return _Element(name, at, body, body + length)

    def _elements(self, start: int, end: int) -> Iterator[_Element]:
        at = start
        while at < end:
            found = self._element(at, end)
            if found.end is None:
                raise InvalidInput(FIELD, "broken")
            yield found
            at = found.end

    def _text(self, one: _Element) -> str:
        return self.data[one.body : one.end].rstrip(b"\0").decode("ascii")

    def _clean_segment(self, start: int, end: int) -> None:
        at = start
        while at < end:
            found = self._element(at, end)
            if found.end is None:
                if found.name != CLUSTER:
                    raise InvalidInput(FIELD, "broken")
                at = self._end_of_cluster(found.body, end)
                continue
            if found.name not in STAYS_IN_SEGMENT:
                self._blank(found.start, found.end)
            elif found.name == INFO:
                self._clean_info(found.body, found.end)
            elif found.name == TRACKS:
                self._clean_tracks(found.body, found.end)
            at = found.end

    def _end_of_cluster(self, at: int, end: int) -> int:
        """Where a cluster that does not say its length ends: before the next of its kind."""
        while at < end:
            inside = self._element(at, end)
            if inside.name in INSIDE_SEGMENT - {VOID}:
                break
            if inside.end is None:
                raise InvalidInput(FIELD, "broken")
            at = inside.end
        return at

    def _blank(self, start: int, end: int) -> None:
        """Put an empty element of the same length in the place of another."""
        length = end - start
        if length <= SHORT_VOID:
            head = bytes((VOID, 0x80 | length - 2))
        else:
            head = bytes((VOID,)) + (1 << 56 | length - 9).to_bytes(8, "big")
        self.data[start:end] = head + bytes(length - len(head))

    def _clean_info(self, start: int, end: int) -> None:
        for one in list(self._elements(start, end)):
            if one.end is None or one.name not in STAYS_IN_INFO:
                self._blank(one.start, one.end or end)
            elif one.name in (MUXING_APP, WRITING_APP):
                self.data[one.body : one.end] = b" " * (one.end - one.body)

    def _clean_tracks(self, start: int, end: int) -> None:
        for track in list(self._elements(start, end)):
            if track.name != TRACK:
                self._blank(track.start, track.end or end)
                continue
            parts = {one.name: one for one in self._elements(track.body, track.end or end)}
            kind = parts.get(TRACK_TYPE)
            codec = parts.get(CODEC)
            if kind is None or codec is None:
                raise InvalidInput(FIELD, "broken")
            played = CODECS.get(int.from_bytes(self.data[kind.body : kind.end], "big"))
            if played is None:
                raise InvalidInput(FIELD, "data_track")
            if self._text(codec) not in played:
                raise InvalidInput(FIELD, "codec")
            if TRACK_NAME in parts:
                name = parts[TRACK_NAME]
                self._blank(name.start, name.end or end)
            if VIDEO in parts:
                self.has_pictures = True
                seen = parts[VIDEO]
                sides = {
                    one.name: int.from_bytes(self.data[one.body : one.end], "big")
                    for one in self._elements(seen.body, seen.end or end)
                }
                if WIDTH in sides and HEIGHT in sides:
                    self.size = (sides[WIDTH], sides[HEIGHT])
