"""A page with nothing on it but the moving figure, served with the headers of the real service."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from flask import Flask, render_template_string
from flask_babel import force_locale
from markupsafe import Markup, escape
from werkzeug.serving import make_server

from adherence.charts.frames import frames
from adherence.library import exercise_named, motion
from adherence.pages import frame
from adherence.web import files, headers, locale

PAGE = """{% extends "base.html" %}
{% from "library/_figure.html" import figure_head, moving_figure %}
{% block title %}{{ words_of.title }}{% endblock %}
{% block scripts %}{{ super() }}{{ figure_head() }}{% endblock %}
{% block audience %}patient{% endblock %}
{% block body %}<main class="column stack"><h1>{{ words_of.title }}</h1>
{{ moving_figure(slug, words_of.title, words_of.body, motion, stills, mirrored, sided) }}
</main>{% endblock %}"""
MOMENTS = {"start": "Start", "middle": "Middle", "end": "End"}


def figure_app() -> Flask:
    """An app whose `/<language>/<slug>` shows the figure of an exercise; `/left/…` the left side."""
    app = Flask("adherence", template_folder=str(frame.templates_dir()))
    app.config.update(SECRET_KEY="figure")
    locale.init_app(app)
    frame.init_app(app)
    files.init_app(app)
    headers.init_app(app)
    app.jinja_env.globals["csrf_token"] = lambda: "figure"

    @app.get("/<language>/<slug>")
    def show(language: str, slug: str) -> str:
        mirrored = language == "left"
        exercise = exercise_named(slug)
        spoken = "en" if mirrored else language
        stills = [
            SimpleNamespace(word=MOMENTS[moment], picture=_picture(svg, f"{slug}, {moment}"))
            for moment, svg in frames(exercise).items()
        ]
        with force_locale(spoken):
            return render_template_string(
                PAGE,
                slug=slug,
                words_of=exercise.words[spoken],
                motion=motion(slug),
                stills=stills,
                mirrored=mirrored,
                sided=exercise.sided,
            )

    return app


def _picture(svg: str, said: str) -> Markup:
    """A frame's SVG as a picture with its words."""
    shape = re.sub(r"^<svg ", f'<svg role="img" aria-label="{escape(said)}" ', svg)
    return Markup(shape)


@contextmanager
def served() -> Iterator[str]:
    """The app on a free port of this computer; its address."""
    server = make_server("127.0.0.1", 0, figure_app(), threaded=True)
    runner = threading.Thread(target=server.serve_forever)
    runner.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        runner.join()
        server.server_close()
