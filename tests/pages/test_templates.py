"""Every template prints its sample in every language, and leaves no untyped value behind."""

import re

import pytest

from adherence.pages.frame import templates_dir
from adherence.web.locale import LOCALES
from tests.pages.preview import SAMPLES, page, preview_app


@pytest.fixture(scope="module")
def app():
    return preview_app()


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_template_prints_its_sample(app, name, language):
    html = page(app, name, language)

    assert f'<html lang="{language}">' in html
    assert not re.search(r">\s*None\s*<|\bUndefined\b|=\"None\"", html)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sign_on_a_page_is_drawn_on_it(app, name):
    """A page writes the symbols it uses, each once."""
    html = page(app, name)
    used = set(re.findall(r'href="#([is]-[a-z]+)"', html))
    drawn = re.findall(r'<symbol id="([is]-[a-z]+)"', html)

    assert used == set(drawn)
    assert len(drawn) == len(set(drawn))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_needs_nothing_the_content_policy_refuses(app, name):
    """No inline script, no inline style, no data: address, no handler in an attribute."""
    html = page(app, name)

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|data:|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_has_its_label_and_every_id_is_there_once(app, name):
    html = page(app, name)
    ids = re.findall(r'\sid="([^"]+)"', html)
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
    fields = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', html)

    assert len(ids) == len(set(ids))
    assert set(fields) <= labelled
    assert labelled <= set(ids)


def test_every_page_template_has_a_sample():
    """A template nobody can look at is a template nobody looks at."""
    folder = templates_dir()
    pages = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.html")
        if path.name not in ("base.html", "layout.html")
        and not path.name.startswith("_")
        # Mails, and the page in a person's copy, stand alone and are tested where they are made.
        and path.parent not in (folder, folder / "email", folder / "export")
    }

    assert pages == {sample.template for sample in SAMPLES.values()}


def test_nobody_is_led_away_from_what_waits_to_be_sent(app):
    """Another language is another page, and would leave it behind."""
    assert 'class="langs"' in page(app, "prove", is_chosen=False)
    for name in ("prove-first", "send-now"):
        assert 'class="langs"' not in page(app, name, is_chosen=False)
