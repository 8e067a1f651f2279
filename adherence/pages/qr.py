"""QR codes: a square that a phone's camera reads, drawn into the page itself."""

from __future__ import annotations

from markupsafe import Markup, escape


def qr(text: str, words: str) -> Markup:
    """A QR code of ``text`` as a drawing that is read out as ``words``; black on white always."""
    import segno  # noqa: PLC0415 - few pages need it

    code = segno.make(text, error="m", micro=False)
    rows = [bytes(row) for row in code.matrix]
    size = len(rows) + 2 * BORDER
    path = "".join(
        f"M{x + BORDER} {y + BORDER}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return Markup(  # noqa: S704 - numbers, and words that are escaped here
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{escape(words)}">'
        f'<path class="qr-light" d="M0 0h{size}v{size}H0z"/>'
        f'<path class="qr-dark" d="{path}"/></svg>'
    )


#: Light modules around the code that readers need.
BORDER = 4
