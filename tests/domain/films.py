"""Small films made by hand: boxes of an MP4, elements of a WebM, with things that betray people."""

from __future__ import annotations

import struct

GPS = b"+52.5200+013.4050/"
PHONE = b"Pixel of Ruth"


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _track(
    handler: bytes, coding: bytes, offset: int, sizes: list[int], extra: bytes = b""
) -> bytes:
    made = struct.pack(">II", 3_800_000_000, 3_800_000_001)
    sample_sizes = struct.pack(f">{len(sizes)}I", *sizes)
    table = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), box(coding, bytes(70))),
        full(b"stts", struct.pack(">III", 1, len(sizes), 100)),
        full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        full(b"stsz", struct.pack(">II", 0, len(sizes)), sample_sizes),
        full(b"stco", struct.pack(">II", 1, offset)),
    )
    media = box(
        b"mdia",
        full(b"mdhd", made, struct.pack(">IIHH", 1000, 100, 0x55C4, 0)),
        full(b"hdlr", bytes(4), handler, bytes(12), PHONE + b"\0"),
        box(
            b"minf",
            full(b"vmhd", bytes(8), flags=1),
            box(b"dinf", full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))),
            table,
        ),
    )
    header = full(b"tkhd", made, bytes(60), struct.pack(">II", 640 << 16, 360 << 16), flags=3)
    return box(b"trak", header, media, extra)


def mp4(
    *,
    coding: bytes = b"avc1",
    brand: bytes = b"isom",
    data_track: bool = False,
    extra: bytes = b"",
) -> bytes:
    """A film whose boxes say where and when it was made, with the samples ``SEEN`` in it."""
    seen, told = b"SEEN" * 8, GPS * 2 if data_track else b""
    start = box(b"ftyp", brand, bytes(4), b"isom")
    media = box(b"mdat", seen, told)
    offset = len(start) + 8
    tracks = [_track(b"vide", coding, offset, [16, 16], box(b"udta", box(b"name", PHONE)))]
    if data_track:
        tracks.append(_track(b"meta", b"mebx", offset + len(seen), [len(GPS)] * 2))
    made = struct.pack(">II", 3_800_000_000, 3_800_000_001)
    film = box(
        b"moov",
        full(b"mvhd", made, bytes(88)),
        *tracks,
        box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(GPS), 0), GPS)),
        full(b"meta", PHONE),
    )
    return start + media + film + box(b"uuid", bytes(16), GPS) + extra


def element(name: int, *parts: bytes, length: int | None = -1) -> bytes:
    """An element of a WebM; ``length`` None leaves its length open."""
    body = b"".join(parts)
    head = name.to_bytes((name.bit_length() + 7) // 8, "big")
    if length is None:
        return head + b"\x01\xff\xff\xff\xff\xff\xff\xff" + body
    return head + (1 << 56 | len(body)).to_bytes(8, "big") + body


def webm(
    *, codec: bytes = b"V_VP9", kind: int = 1, doc_type: bytes = b"webm", is_live: bool = False
) -> bytes:
    """A film whose elements say who made it; ``is_live`` leaves lengths open, as recorders do."""
    track = element(
        0xAE,
        element(0xD7, b"\x01"),
        element(0x83, bytes([kind])),
        element(0x536E, PHONE),
        element(0x86, codec),
        element(
            0xE0, element(0xB0, (640).to_bytes(2, "big")), element(0xBA, (360).to_bytes(2, "big"))
        ),
    )
    info = element(
        0x1549A966,
        element(0x2AD7B1, (1_000_000).to_bytes(3, "big")),
        element(0x7BA9, PHONE),
        element(0x4461, bytes(8)),
        element(0x4D80, b"Recorder of Ruth"),
        element(0x5741, PHONE),
    )
    open_end = None if is_live else -1
    cluster = element(0x1F43B675, element(0xE7, b"\0"), element(0xA3, b"SEEN" * 8), length=open_end)
    tags = element(0x1254C367, element(0x7373, GPS * 20))
    tail = tags + element(0x1941A469, GPS)
    body = info + element(0x1654AE6B, track) + cluster + cluster + (b"" if is_live else tail)
    return element(0x1A45DFA3, element(0x4282, doc_type)) + element(
        0x18538067, body, length=open_end
    )
