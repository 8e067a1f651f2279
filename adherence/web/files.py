"""Style, script and drawings of the package: sent packed, and kept while they are the same.

Packing is for these files, and for pictures that are the same for everybody. A page that holds a
secret beside words a stranger chose is sent as it is: its packed size would tell about the secret.
"""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from posixpath import normpath

from flask import Flask, Response, current_app, request, send_file

FOLDER = Path(__file__).resolve().parent.parent / "static"
#: What becomes smaller; the type each is sent with.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Send the static files of ``app`` packed; addresses by ``version`` may be kept for a year."""
    app.view_functions["static"] = _send


@cache
def version(filename: str) -> str:
    """Return what stands for the content of a static file in its address.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return sha256((FOLDER / filename).read_bytes()).hexdigest()[:12]


def packed(response: Response) -> Response:
    """Pack a picture that is the same for everybody, if the browser takes it.

    Call it once the content and its ETag are set; the packed form gets an ETag of its own.
    """
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(response.get_data(), mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        tag, is_weak = response.get_etag()
        if tag is not None:
            response.set_etag(f"{tag}-gzip", weak=is_weak is True)
    return response


def _send(filename: str) -> Response:
    response = current_app.send_static_file(filename)  # refuses what is not in the folder
    filename = normpath(filename)  # css/./look.css is no second file to remember
    kind = TYPES.get(Path(filename).suffix)
    encoding = None if kind is None or "Range" in request.headers else _encoding(filename)
    if encoding is not None:
        response.close()
        response = send_file(
            BytesIO(_packed(filename, encoding)),
            mimetype=kind,
            etag=f"{version(filename)}-{encoding}",
        )
        response.headers["Content-Encoding"] = encoding
    if kind is not None:
        response.vary.add("Accept-Encoding")
    if request.args.get("v") == version(filename):
        response.headers["Cache-Control"] = FOREVER
    return response


def _encoding(filename: str) -> str | None:
    accepted = request.accept_encodings
    if accepted.quality("br") > 0 and _ready(filename).is_file():
        return "br"
    return "gzip" if accepted.quality("gzip") > 0 else None


def _ready(filename: str) -> Path:
    """Where a large vendored file is kept packed by Brotli, which Python cannot do by itself."""
    return FOLDER / f"{filename}.br"


@cache
def _packed(filename: str, encoding: str) -> bytes:
    if encoding == "br":
        return _ready(filename).read_bytes()
    return gzip.compress((FOLDER / filename).read_bytes(), mtime=0)
