"""Static files: packed for whoever takes it, kept for as long as they are the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Response

from adherence.web import files
from adherence.web.files import FOLDER, FOREVER, version
from tests.web.town import Town

STYLE = "css/tokens.css"
PLAIN = (FOLDER / STYLE).read_bytes()
KEPT = f"/static/{STYLE}?v={version(STYLE)}"


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "br;q=0, gzip;q=0.5", "*"])
def test_a_style_is_sent_packed(shared_town: Town, accepted: str):
    answer = shared_town.ask("nobody", KEPT, headers={"Accept-Encoding": accepted})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < len(PLAIN) / 2
    assert gzip.decompress(answer.data) == PLAIN
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Accept-Encoding" in answer.vary


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0"])
def test_who_takes_it_plain_gets_it_plain(shared_town: Town, accepted: str):
    answer = shared_town.ask("nobody", KEPT, headers={"Accept-Encoding": accepted})

    assert "Content-Encoding" not in answer.headers
    assert answer.data == PLAIN
    assert "Accept-Encoding" in answer.vary


def test_a_part_of_a_file_is_sent_plain(shared_town: Town):
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}
    answer = shared_town.ask("nobody", KEPT, headers=headers)

    assert answer.status_code == 206
    assert answer.data == PLAIN[:10]


def test_a_file_packed_beforehand_is_preferred(
    shared_town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(files, "_ready", lambda name: tmp_path / f"{Path(name).name}.br")
    (tmp_path / "tokens.css.br").write_bytes(b"packed by Brotli")
    try:
        answer = shared_town.ask("nobody", KEPT, headers={"Accept-Encoding": "gzip, br"})
        gzipped = shared_town.ask("nobody", KEPT, headers={"Accept-Encoding": "gzip"})
    finally:
        files._packed.cache_clear()

    assert answer.headers["Content-Encoding"] == "br"
    assert answer.data == b"packed by Brotli"
    assert answer.headers["ETag"] != gzipped.headers["ETag"]
    assert gzip.decompress(gzipped.data) == PLAIN


def test_a_file_is_remembered_once_however_it_is_called(shared_town: Town):
    headers = {"Accept-Encoding": "gzip"}
    shared_town.ask("nobody", f"/static/{STYLE}", headers=headers)
    before = files._packed.cache_info().currsize
    for way in ("css/./tokens.css", "css/././tokens.css", "./css/tokens.css"):
        answer = shared_town.ask("nobody", f"/static/{way}", headers=headers)
        assert answer.status_code in (200, 404)

    assert files._packed.cache_info().currsize == before


def test_a_file_known_by_its_content_is_kept_for_a_year(shared_town: Town):
    headers = {"Accept-Encoding": "gzip"}
    kept = shared_town.ask("nobody", KEPT, headers=headers)
    other = shared_town.ask("nobody", f"/static/{STYLE}?v=0123456789ab", headers=headers)
    bare = shared_town.ask("nobody", f"/static/{STYLE}", headers=headers)

    assert kept.headers["Cache-Control"] == FOREVER
    assert other.headers["Cache-Control"] == bare.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_what_the_browser_has_is_not_sent_again(shared_town: Town, accepted: str):
    headers = {"Accept-Encoding": accepted}
    first = shared_town.ask("nobody", KEPT, headers=headers)
    again = shared_town.ask(
        "nobody", KEPT, headers={**headers, "If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304
    assert not again.data


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
def test_a_picture_for_everybody_is_packed_and_known_apart(
    shared_town: Town, accepted: str, encoding: str | None
):
    content = b"<svg>" + b"<path/>" * 200 + b"</svg>"
    with shared_town.app.test_request_context(headers={"Accept-Encoding": accepted}):
        response = Response(content, mimetype="image/svg+xml")
        response.set_etag("drawn")
        answer = files.packed(response)

    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.get_etag() == ("drawn-gzip" if encoding else "drawn", False)
    assert "Accept-Encoding" in answer.vary
    data = answer.get_data()
    assert (gzip.decompress(data) if encoding else data) == content
    assert answer.content_length == len(data)


def test_no_page_of_a_person_is_packed(shared_town: Town):
    """Its packed size would tell about the secrets in it."""
    answer = shared_town.ask("own", "/today", headers={"Accept-Encoding": "gzip, br"})

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_every_file_packed_beforehand_has_its_plain_file_beside_it():
    packed = list(FOLDER.rglob("*.br"))

    assert all(path.with_suffix("").is_file() for path in packed)
    assert all(path.stat().st_size < path.with_suffix("").stat().st_size / 3 for path in packed)
