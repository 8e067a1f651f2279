"""Pages for people: thin views that read a form, call a use case and print a template.

Here belong views, what a template needs in words (frozen ``Shown...`` values), and small drawings.
Never a rule or a query. May import `web` and below, never another edge. Read `today.py` first.
"""

from flask import Flask

from adherence.pages import (
    account,
    answers,
    audit,
    break_glass,
    care_notes,
    care_teams,
    charts,
    consent,
    corrections,
    entries,
    erasures,
    exports,
    factors,
    frame,
    goals,
    invites,
    lessons,
    library,
    milestones,
    oidc,
    own_exercises,
    patients,
    pauses,
    plans,
    programme,
    progress,
    proxies,
    review,
    sessions,
    sign_in,
    steps,
    symptoms,
    today,
)

ROOMS = (
    sign_in,
    oidc,
    steps,
    account,
    factors,
    sessions,
    proxies,
    invites,
    care_teams,
    break_glass,
    today,
    entries,
    symptoms,
    goals,
    progress,
    charts,
    milestones,
    answers,
    pauses,
    consent,
    review,
    patients,
    corrections,
    plans,
    library,
    own_exercises,
    lessons,
    programme,
    exports,
    erasures,
    care_notes,
    audit,
)


def init_app(app: Flask) -> None:
    """Register every page of ``app`` and give its templates what they print with."""
    frame.init_app(app)
    for room in ROOMS:
        app.register_blueprint(room.blueprint)
