"""A page with nothing on it but the moving figure, served with the headers of the real service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from flask import Flask, Response, make_response, render_template_string
from flask_babel import force_locale
from markupsafe import Markup
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
    """An app whose `/<language>/<slug>` shows an exercise, and `/left/…` its left side."""
    app = Flask("adherence", template_folder=str(frame.templates_dir()))
    app.config.update(SECRET_KEY="figure")
    locale.init_app(app)
    frame.init_app(app)
    files.init_app(app)
    headers.init_app(app)
    app.jinja_env.globals["csrf_token"] = lambda: "figure"

    @app.get("/<language>/<slug>")
    def show(language: str, slug: str) -> Response:
        mirrored = language == "left"
        exercise = exercise_named(slug)
        spoken = "en" if mirrored else language
        stills = [
            SimpleNamespace(
                word=word,
                picture=Markup('<img src="/{0}/{1}.svg" alt="{0}, {1}">').format(slug, moment),
            )
            for moment, word in MOMENTS.items()
        ]
        with force_locale(spoken):
            page = render_template_string(
                PAGE,
                slug=slug,
                words_of=exercise.words[spoken],
                motion=motion(slug),
                stills=stills,
                mirrored=mirrored,
                sided=exercise.sided,
            )
        return files.packed(make_response(page))

    @app.get("/<slug>/<moment>.svg")
    def still(slug: str, moment: str) -> Response:
        drawn = frames(exercise_named(slug))[moment]
        return files.packed(headers.picture(drawn.encode(), "image/svg+xml"))

    return app


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
