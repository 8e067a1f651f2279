"""What to call a browser in a list of devices: the program and what it runs on, in two words."""

from __future__ import annotations

from flask import request

#: The first that occurs in the header names it; those that imitate others come first.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
LABEL_LIMIT = 80


def label() -> str:
    """The browser of this request, such as "Firefox, Android"; empty where it does not say."""
    header = request.headers.get("User-Agent", "")
    words = [_first(header, _PROGRAMS), _first(header, _SYSTEMS)]
    return ", ".join(word for word in words if word)[:LABEL_LIMIT]


def _first(header: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in names if mark in header), "")
