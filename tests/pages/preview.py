"""Every template with hand-made view data, so that pages can be looked at without a database."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace as View
from typing import Any
from uuid import UUID

from flask import Flask, g
from flask_babel import force_locale
from markupsafe import Markup

from adherence.domain.consent import Purpose
from adherence.library.consent import texts
from adherence.pages import frame
from adherence.pages.qr import qr
from adherence.pages.stairs import stairs
from adherence.web import headers, locale, words

ID = "0198c0de-0000-7000-8000-000000000001"
STATES = ("done", "partly", "skipped", "missed", "unreported", "excused")


def preview_app() -> Flask:
    """Return an app that can render every template and answers no request but static files."""
    app = Flask("adherence", template_folder=str(frame.templates_dir()))
    app.config.update(SECRET_KEY="preview")
    locale.init_app(app)
    headers.init_app(app)
    frame.init_app(app)
    real_url_for = app.url_for

    def url_for(endpoint: str, **values: Any) -> str:
        return real_url_for(endpoint, **values) if endpoint == "static" else "#"

    app.jinja_env.globals.update(
        url_for=url_for, csrf_token=lambda: "preview", emergency_number=lambda: "112"
    )
    return app


def page(app: Flask, name: str, language: str = "en", *, is_chosen: bool = True) -> str:
    """Return the named sample as HTML in ``language``, the reader's own where it ``is_chosen``."""
    sample = SAMPLES[name]
    with app.test_request_context(), force_locale(language):
        g.actor = View(
            name="Anna Berger",
            role="programme_manager" if name.startswith("programme") else "clinician",
            locale=language if is_chosen else None,
            entrance=None,
        )
        return str(app.jinja_env.get_template(sample.template).render(sample.context()))


def _goal(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "id": "g1",
        "words": "I want to climb to my flat without stopping.",
        "number": "8",
        "beside": "of 14 steps",
        "long": False,
        "stairs": stairs(14, 8),
        "stairs_words": "A staircase of 14 steps; 8 are behind you.",
        "since": "3 on 12 January, 8 on 6 March",
        "hanging": [
            View(
                title="Heel raises, holding the chair",
                rhythm="2 × 10, daily",
                because="because you want to climb to your flat without stopping",
                note="done 9 of 12, last pain 2",
                revise="#",
            ),
            View(
                title="Step-ups on the low step",
                rhythm="2 × 8, Monday, Wednesday and Friday",
                because="because step 9 needs a stronger right leg",
                note="done 5 of 9, skipped on Wednesday: hurt",
                revise="#",
            ),
        ],
        "rate": View(
            kind="count",
            name="rate-g1",
            summary="Measure it again",
            action="#",
            client_id=ID,
            question="How many steps now?",
            hint="Without stopping.",
            value="",
            errors="",
        ),
    }
    return View(**{**usual, **changes})


def _card(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "id": "card",
        "place": "upcoming",
        "bead": "upcoming",
        "bead_word": "",
        "answered": "",
        "change": "",
        "report": "",
        "open": True,
        "icon": "move",
        "time": "After that",
        "window": "",
        "title": "Step-ups on the low step",
        "amount": "2 rounds of 8",
        "because": "because step 9 needs a stronger right leg",
        "how": "#",
        "how_words": "Show me how, 4 min",
        "see": "#",
        "asks": False,
        "client_id": ID,
        "activity_id": ID,
        "day": "2026-03-12",
        "slot": 0,
    }
    return View(**{**usual, **changes})


def _today() -> dict[str, Any]:
    return {
        "today": View(
            goal=_goal(),
            title="Thursday, 12 March",
            sentence="2 of 7 answered. About 12 minutes left.",
            notices=[],
            cards=[
                _card(
                    id="c1",
                    place="done",
                    bead="done",
                    bead_word="Done",
                    title="Paracetamol 500 mg",
                    answered="2 tablets at 08:05",
                    change="#",
                ),
                _card(
                    id="c2",
                    place="skipped",
                    bead="skipped",
                    bead_word="Not today",
                    title="Walk to the corner",
                    answered="Not today: no time",
                    change="#",
                ),
                _card(
                    id="c3",
                    place="now",
                    bead="now",
                    time="09:30",
                    window="any time until 12:00",
                    title="Heel raises, holding the chair",
                    amount="2 rounds of 10",
                    because="because you want to climb to your flat without stopping",
                ),
                _card(id="c4"),
                _card(id="c5", title="How is your knee?", icon="ask", asks=True, amount="", how=""),
                _card(
                    id="c6",
                    open=False,
                    icon="pill",
                    time="18:00",
                    window="opens at 17:00",
                    title="Paracetamol 500 mg",
                    amount="2 tablets with water",
                    because="because a quiet night makes the morning stairs easier",
                    how="",
                ),
            ],
            as_needed=[
                View(
                    title="Ibuprofen 400 mg",
                    amount="1 tablet",
                    last="Last one yesterday, 21:10. Next possible from 14:30.",
                    because="because you want to sleep through",
                    icon="pill",
                    log="#",
                    log_words="I took it",
                )
            ],
            empty_title="",
            empty_words="",
            said=View(state="done", words="Pain 3 noted", undo="#"),
        )
    }


def _today_empty() -> dict[str, Any]:
    return {
        "today": View(
            goal=None,
            title="Sunday, 15 March",
            sentence="Nothing is planned.",
            notices=[
                View(
                    icon="moon",
                    title="You are resting until Tuesday",
                    words="Nothing on these days counts as missed.",
                    link="#",
                    link_words="Change the pause",
                )
            ],
            cards=[],
            as_needed=[],
            empty_title="Nothing is asked of you today",
            empty_words="This day counts neither for nor against you.",
            said=None,
        )
    }


def _log() -> dict[str, Any]:
    return {
        "log": View(
            title="Knee straightening, sitting",
            when_due="Today, 09:30, any time until 12:00",
            amount="10 times, hold for 5 seconds",
            because="because a straight knee carries you on the landing",
            steps=[
                "Sit well back on a firm chair. Both feet on the floor.",
                "Lift your right foot until the knee is straight. Toes point to the ceiling.",
                "Hold and count to five. Lower the foot slowly.",
            ],
            how="",
            limit="Stop at pain 6 or more",
            see="#",
            frames=[View(word="Start", picture=Markup('<img src="#" alt="Start">'))],
            counter=View(times=10, times_words="Times", times_of="of 10", hold=5),
            has_side=True,
            action="#",
            client_id=ID,
            asks="",
            asks_zero="",
            asks_low="",
            asks_high="",
            amounts=[
                View(name="reps", word="Times"),
                View(name="hold_seconds", word="Hold, seconds"),
            ],
            pain=True,
            effort=True,
            now_words="It was just now",
            latest_day="2026-03-12",
            as_needed=False,
            taken_words="",
        ),
        "form": {"reps": "10", "hold_seconds": "5", "on_day": "2026-03-12", "at_time": "09:41"},
        "errors": {},
    }


def _log_wrong() -> dict[str, Any]:
    context = _log()
    context["form"] |= {"reps": "many", "pain": "3", "at_time": "25:00", "moved": True}
    context["errors"] = {
        "reps": "How many times: a number, 0 or more.",
        "at_time": "25:00 is not a time. For one in the morning write 01:00.",
    }
    return context


def _check_in() -> dict[str, Any]:
    context = _log()
    log = context["log"]
    log.title, log.amount, log.steps, log.limit, log.counter = "How is your knee?", "", [], "", None
    log.amounts, log.pain, log.effort, log.has_side = [], False, False, False
    log.asks = "Knee pain: how strong is it now?"
    log.asks_zero, log.asks_low, log.asks_high = "nothing", "hardly any", "worst imaginable"
    return context


def _again() -> dict[str, Any]:
    return {
        "again": View(
            title="Paracetamol 500 mg",
            noted="You logged 1 tablet at 08:05.",
            question="Is this a second one?",
            action="#",
            fields=[("client_id", ID)],
            yes="Yes, a second one",
            next_words="Your plan asks for at least 4 hours between two doses: from 12:05.",
        )
    }


def _not_today() -> dict[str, Any]:
    notes = {
        "hurt": "Where, and how much?",
        "side_effect": "What did you notice?",
        "ran_out": "What is missing?",
        "told_to_stop": "Who said so, and why?",
        "did_not_understand": "What is not clear?",
    }
    icons = {
        "hurt": "hurt",
        "no_time": "clock",
        "felt_better": "better",
        "side_effect": "drop",
        "ran_out": "box",
        "told_to_stop": "stop",
        "did_not_understand": "unclear",
    }
    return {
        "skip": View(
            title="Step-ups on the low step",
            action="#",
            client_id=ID,
            reasons=[
                View(
                    value=value,
                    icon=icons[value],
                    word=word,
                    promise=words.REASON_PROMISES[value],
                    reply="Sorry that it hurts." if value == "hurt" else word,
                    words="Say where, and it stands on top of your team’s list.",
                    because="because step 9 needs a stronger right leg"
                    if value == "felt_better"
                    else "",
                    steps=[],
                    note=notes.get(value, ""),
                    then=[
                        View(value="note", word="Note it and tell my team", icon="talk", bead=""),
                        View(value="do", word="I do it after all", icon="", bead="done"),
                    ],
                )
                for value, word in words.REASONS.items()
            ],
        ),
        "form": {"reason": "hurt"},
        "errors": {},
    }


def _symptom() -> dict[str, Any]:
    return {
        "symptom": View(client_id=ID, tracked=["knee pain", "stiffness"], latest_day="2026-03-12"),
        "form": {"on_day": "2026-03-12", "at_time": "09:41", "symptom": "knee pain"},
        "errors": {},
    }


def _goals() -> dict[str, Any]:
    return {
        "goals": View(
            cards=[
                _goal(),
                _goal(
                    id="g2",
                    words="Sleep through without the knee waking me.",
                    number="4",
                    beside="now, on the way to 1",
                    long=True,
                    stairs=stairs(5, 2),
                    since="6 on 12 January",
                    rate=View(
                        kind="rating",
                        name="rate-g2",
                        summary="Rate it again",
                        action="#",
                        client_id=ID,
                        question="How well does it work today?",
                        value="",
                        errors="Choose a number from 0 to 10.",
                    ),
                ),
                _goal(
                    id="g3",
                    words="Carry the shopping home.",
                    number="−1",
                    beside="on the ladder from −2 to +2",
                    long=True,
                    stairs=stairs(4, 1),
                    hanging=[],
                    rate=View(
                        kind="gas",
                        name="rate-g3",
                        summary="Rate it again",
                        action="#",
                        client_id=ID,
                        question="Which line fits today?",
                        value="",
                        errors="",
                        levels=[
                            View(value=-2, sign="−2", words="Nothing heavier than a letter"),
                            View(value=-1, sign="−1", words="One light bag to the door"),
                            View(value=0, sign="0", words="One full bag up the stairs"),
                            View(value=1, sign="+1", words="Two bags up the stairs"),
                            View(value=2, sign="+2", words="The week’s shopping in one go"),
                        ],
                    ),
                ),
            ],
            closed=[_goal(words="Put on my socks alone.", since="reached on 2 February")],
            said=None,
        )
    }


def _figure(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "id": "f1",
        "title": "My days",
        "said": False,
        "narrow": "",
        "sentence": "In six weeks you did 15 of 26 days in full and 5 in part.",
        "phone": "/static/icons/mark.svg?width=phone",
        "wide": "",
        "alt": "Calendar of six weeks with one sign per day.",
        "place": "plot-tall",
        "legend": [
            View(state=state, key="", word=words.status(state), count=count)
            for state, count in zip(STATES, (15, 5, 3, 1, 2, 3), strict=True)
        ],
        "meaning": "Resting days and days with nothing planned do not count against you.",
        "columns": [
            View(word="Week of", number=False),
            View(word="Done", number=True),
            View(word="Asked", number=True),
        ],
        "body": Markup("<tr><td>2 February</td><td>4</td><td>5</td></tr>"),
    }
    return View(**{**usual, **changes})


def _progress() -> dict[str, Any]:
    pain = _figure(
        id="f3",
        title="My knee pain",
        sentence="Pain in the morning went from 6 to 3 in four weeks.",
        place="plot-wide",
        wide="/static/icons/mark.svg?width=wide",
        legend=[
            View(state="", key="zero", word="no pain, 0", count=None),
            View(state="", key="declined", word="preferred not to say", count=None),
            View(state="", key="change", word="plan changed", count=None),
        ],
    )
    return {
        "progress": View(
            figures=[_figure(id="f0", title="My stairs", place="", legend=[]), _figure(), pain],
            shared="Anna Berger sees the same pictures before your next visit.",
        )
    }


def _milestones() -> dict[str, Any]:
    reply = View(
        words="Ruth, I remember you on the third step in January. Look where you are.",
        initials="AB",
        name="Anna Berger",
        role="Physiotherapy",
    )
    return {
        "milestones": View(
            newest=View(
                day="Thursday, 23 April",
                words="14 steps, for the first time.",
                story="You began at 3, on 12 January.",
                reply=reply,
            ),
            earlier=[
                View(
                    words="Half of the way is behind you.",
                    goal="I want to climb to my flat.",
                    reply=reply,
                    day="6 March",
                    date="2026-03-06",
                ),
                View(
                    words="You came back after a break.",
                    goal="",
                    reply=None,
                    day="27 February",
                    date="2026-02-27",
                ),
            ],
        )
    }


def _pause() -> dict[str, Any]:
    return {
        "pause": View(
            current=[
                View(
                    icon="bed",
                    word="I am in hospital",
                    days="from Monday, 9 March, no end yet",
                    end="#",
                    end_words="End it today",
                )
            ],
            kinds=[
                View(value=value, icon=words.PAUSE_ICONS[value], word=words.PAUSES[value])
                for value in ("rest", "ill", "travelling", "hospital")
            ],
        ),
        "form": {"first_day": "2026-03-12", "kind": ""},
        "errors": {"kind": "Choose what it is."},
    }


def _correct() -> dict[str, Any]:
    return {
        "entry": View(
            title="Heel raises, holding the chair",
            state="partly",
            before="Partly: 1 round of 6, pain 7, Tuesday 09:40",
            action="#",
            client_id=ID,
            statuses=[
                View(value=value, word=words.ANSWERS[value])
                for value in ("done", "partly", "skipped")
            ],
            reasons=[("", "–"), *words.REASONS.items()],
            asks="",
            amounts=[View(name="sets", word="Rounds"), View(name="reps", word="Times")],
            pain=True,
            effort=False,
            measured="",
            unit="",
            hint="",
            latest_day="2026-03-12",
            history=[View(words="Done, pain 5", when="Tue 09:41", because="Put right: counted")],
        ),
        "form": {
            "status": "partly",
            "sets": "1",
            "reps": "6",
            "pain": "7",
            "on_day": "2026-03-10",
            "at_time": "09:40",
        },
        "errors": {},
    }


def _put_right() -> dict[str, Any]:
    sample = _correct()
    entry = sample.pop("entry")
    return {
        **sample,
        "correction": View(patient="Ruth Aldous", back="#", entry=entry),
        "errors": {"because": "Say why it was recorded wrongly. The patient can read it."},
    }


def _answers() -> dict[str, Any]:
    return {
        "answers": [
            View(
                words="Take the lower step this week.",
                about="Step-ups on the low step",
                name="Anna Berger",
                initials="AB",
                when="Tue 18:10",
                at="2026-03-10T17:10Z",
            )
        ]
    }


def _things() -> dict[str, Any]:
    return {
        "things": View(
            doors=[
                View(link="#", icon="goal", word="My goals", hint=""),
                View(link="#", icon="bow", word="My milestones", hint="2 so far"),
                View(
                    link="#", icon="moon", word="A pause for some days", hint="ill, resting, away"
                ),
                View(link="#", icon="ask", word="Note how I feel", hint=""),
            ],
            team="Anna Berger (physiotherapy) and Dr Imre Fehér (medication).",
            signed_in="Signed in as Ruth Aldous.",
        )
    }


def _review() -> dict[str, Any]:
    strip = ["done", "partly", "none", "done", "missed", "done", "excused", "done", "upcoming"]

    def row(index: int, **changes: Any) -> View:
        usual: dict[str, Any] = {
            "id": f"n{index}",
            "care": False,
            "sheet": "#",
            "name": "Ruth Aldous",
            "goal": "Climb to my flat without stopping",
            "facts": [("Pain 7, at or above your limit:", "Step-ups, 11 Mar"), ("Hurt:", "x")],
            "also": "",
            "strip": strip,
            "strip_words": "9 days: 4 done, 1 partly",
            "age": "14 h",
            "adjust": "#",
            "seen": "#",
            "reply": "#",
            "reply_label": "Reply to Ruth Aldous",
            "reply_typed": "",
            "reply_error": "",
        }
        return View(**{**usual, **changes})

    return {
        "review": View(
            waiting=3,
            greeting="Good morning, Anna. Three people have something new.",
            sentence="Thursday, 12 March, 07:42. Twelve others have nothing new.",
            legend=[
                View(state=state, key="", word=words.status(state, True), count=None)
                for state in STATES
            ],
            parts=[
                View(
                    name="critical",
                    title="Critical",
                    hint="pain at or above the limit you set",
                    rows=[row(1, care=True)],
                ),
                View(
                    name="milestone",
                    title="Milestones to confirm",
                    hint="",
                    rows=[
                        row(
                            2,
                            name="Hans-Friedrich Obermüller-Wiedenbrück",
                        ),
                        row(3, reply_error="Write a line first.", age="3 days"),
                    ],
                ),
            ],
            empty_words="",
            done=View(state="done", words="Marked as seen", undo=""),
        )
    }


def _review_empty() -> dict[str, Any]:
    return {
        "review": View(
            waiting=0,
            greeting="Good morning, Anna.",
            sentence="Thursday, 12 March, 07:42",
            legend=[],
            parts=[],
            empty_words="Fifteen patients have nothing new.",
            done=None,
        )
    }


def _patients() -> dict[str, Any]:
    def row(name: str, **changes: Any) -> View:
        usual: dict[str, Any] = {
            "sheet": "#",
            "name": name,
            "goal": "Climb to my flat without stopping",
            "badges": [View(icon="clock", word="2 new notices", new=True)],
            "strip": ["done", "partly", "none", "done", "missed", "excused", "upcoming"] * 2,
            "strip_words": "14 days: 6 done",
            "nothing": "",
            "band": View(low="18 of 28", high="21 if reported", low_at=64, high_at=75),
            "last": "today, 08:05",
        }
        return View(**{**usual, **changes})

    return {
        "patients": View(
            sentence="15 people, those with the greatest need first.",
            legend=[
                View(state=state, key="", word=words.status(state, True), count=None)
                for state in STATES
            ],
            rows=[
                row("Ruth Aldous"),
                row("Hans-Friedrich Obermüller-Wiedenbrück"),
                row(
                    "Olga Petrenko",
                    badges=[],
                    strip=[],
                    band=None,
                    nothing="no plan yet",
                    last="–",
                    goal="",
                ),
            ],
            first="",
            next="#",
        )
    }


def _sheet() -> dict[str, Any]:
    figure = _figure(
        title="Goal, pain and days on one time axis", wide="/static/icons/mark.svg?w=1"
    )
    return {
        "sheet": View(
            name="Ruth Aldous",
            about="Physiotherapy and medication. Time zone Berlin.",
            looked="You last looked Tuesday, 08:10",
            goals=[_goal(), _goal(id="g2", words="Sleep through.", hanging=[])],
            new_goal="#",
            new_activity="#",
            consents="#",
            stands=_STANDS,
            objects="Since 2 March 2026 this patient does not want the team to work with it.",
            facts_title="Last 30 days",
            facts=[
                View(
                    word="Done",
                    value="8 of 17",
                    hint="9 of 17 if the one not reported was done",
                ),
                View(word="Excused", value="3 days", hint="illness"),
            ],
            definition="Done of those due. Excused days are in neither count.",
            since_title="Since you last looked",
            notices=[
                View(
                    state="skipped",
                    icon="",
                    words="Step-ups skipped on Wednesday: hurt.",
                    said=False,
                    at="2026-03-11T08:52Z",
                    when="Wed 09:52",
                ),
                View(
                    state="",
                    icon="hurt",
                    words="Pain after step-ups 4 → 7; your limit is 6.",
                    said=False,
                    at="2026-03-10T08:40Z",
                    when="Tue 09:40",
                ),
            ],
            figures=[figure],
            events=[
                View(
                    mark=False,
                    state="skipped",
                    icon="",
                    words="Step-ups skipped: hurt.",
                    said="It stings at the front.",
                    was="",
                    at="2026-03-11T08:52Z",
                    when="Wed 09:52",
                ),
                View(mark=True, words="You last looked here: Tuesday, 08:10"),
                View(
                    mark=False,
                    state="done",
                    icon="",
                    words="Heel raises. Pain 2, effort 4.",
                    said="",
                    was="(corrected from pain 5)",
                    at="2026-03-09T08:35Z",
                    when="Mon 09:35",
                ),
                View(
                    mark=False,
                    state="",
                    icon="knot",
                    words="Step-ups: revision 3 began. Lower step.",
                    said="",
                    was="",
                    at="2026-02-23",
                    when="23 Feb",
                ),
            ],
            done=None,
        )
    }


def _goal_new() -> dict[str, Any]:
    return {
        "goal": View(
            patient="Ruth Aldous",
            back="#",
            action="#",
            weights=[(value, value) for value in range(4)],
            measures=[
                View(value=value, word=word, hint=words.MEASURE_HINTS[value])
                for value, word in words.MEASURES.items()
            ],
            ladder=[View(name=f"gas_{i}", word=f"Level {i - 2}") for i in range(5)],
            levels=[(value, value) for value in range(-2, 3)],
        ),
        "form": {"measure": "count", "words": ""},
        "errors": {
            "words": "Write the goal as the patient says it.",
            "count_target": "Start and target must differ.",
        },
    }


def _activity(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "patient": "Ruth Aldous",
        "back": "#",
        "action": "#",
        "title": "Step-ups on the low step",
        "kind": "exercise",
        "today": "2026-03-12",
        "kinds": [
            View(value=value, word=word, icon=words.KIND_ICONS[value])
            for value, word in words.KINDS.items()
        ],
        "goals": [(ID, "“Climb to my flat without stopping”")],
        "plans": [(ID, "Physiotherapy"), ("new:medication", "A new plan: Medication")],
        "rhythms": [View(value=value, word=word) for value, word in words.SCHEDULES.items()],
        "windows": [("same_day", "any time that day"), ("around:2:2", "2 h before to 2 h after")],
        "zone_policies": [("patient", "It follows the patient’s clock")],
        "load": "Exercises: 3. Most people manage two to four.",
        "chosen": View(
            name="heel-raise@1",
            title="Heel raises",
            facts=["Ankle and foot", "Standing"],
            link="#",
            picture=PICTURE,
            sides=[("both", "both sides"), ("left", "left side")],
        ),
        "shelves": [View(word="Knee", options=[("heel-raise@1", "Heel raises")])],
        "library": "#",
        "without": "#",
    }
    return View(**{**usual, **changes})


_FORM = {
    "kind": "exercise",
    "title": "Step-ups on the low step",
    "sets": "1",
    "reps": "6",
    "rhythm": "weekdays",
    "weekdays": ["0", "2", "4"],
    "goal_id": UUID(ID),
}


def _activity_new() -> dict[str, Any]:
    return {
        "plan": _activity(),
        "form": _FORM,
        "errors": {"because": "Say in one line what this is good for. Ruth reads it on the card."},
    }


def _activity_revise() -> dict[str, Any]:
    days = [
        View(
            x=4 + 83 * i,
            middle=42 + 83 * i,
            css="day-new" if i > 3 else "day-old" + (" day-today" if i == 3 else ""),
            new=i > 3,
            word=f"Mo {9 + i}",
        )
        for i in range(14)
    ]
    return {
        "plan": _activity(
            splice=View(
                words="Days to Thursday 12 March belong to revision 3 and are locked.",
                old_end=330,
                new_start=342,
                knot=336,
                new_words_at=352,
                days=days,
                old_words="revision 3, locked",
                new_words="revision 4 begins",
            ),
            old=View(
                title="Revision 3",
                words="In force since 23 February. Its last day is Thursday 12 March.",
                asked=[
                    View(word="Title", value="Step-ups on the low step"),
                    View(word="How much", value="2 × 8"),
                ],
                because="because step 9 needs a stronger right leg",
                when="Monday to Friday",
                why="six were easy by now",
            ),
            earlier=["Revision 2, from 2 February: 3 × 10, daily"],
            new_title="Revision 4, draft",
            new_words="Begins Friday, 13 March.",
            changed={"amounts": "was 2 × 8"},
            begin="Begin revision 4 on Friday",
        ),
        "form": {
            **_FORM,
            "effective_on": "2026-03-13",
            "reason": "Sting at the front of the knee.",
        },
        "errors": {},
    }


def _overview() -> dict[str, Any]:
    return {
        "overview": View(
            title="Programme",
            sentence="Sums only.",
            facts=[],
            smallest=11,
            facts_title="",
            groups="People are counted in groups.",
        )
    }


def _overview_full() -> dict[str, Any]:
    found = _overview()
    found["overview"].facts = [
        View(word="Patients with something due", value="66", hint=""),
        View(word="Done", value="396 of 660", hint="462 if everything not reported was done"),
        View(word="Not reported", value="66", hint=""),
    ]
    found["overview"].facts_title = "30 days until 9 March 2026"
    found["overview"].definition = "Done of everything that was due."
    return found


def _sign_in(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "form": {"email": "ruth.aldous@example.org"},
        "errors": {"password": "This does not fit together. Nothing is locked yet."},
        "signed_out": False,
        "shut": False,
        "asks_for_clinic": False,
        "mails": True,
        "passkeys": True,
    }
    return {**usual, **changes}


def _signed_out() -> dict[str, Any]:
    return _sign_in(
        form={},
        errors={"passkey": "This passkey did not fit."},
        signed_out=True,
        shut=True,
        asks_for_clinic=True,
    )


def _wrong(**errors: str) -> Callable[[], dict[str, Any]]:
    """A page of one step, with what is wrong at its fields."""
    return lambda: {
        "form": {},
        "errors": errors,
        "shortest": 12,
        "mails": True,
        "reason": "mail",
        "asks_for_clinic": False,
        "asks_current": True,
        "has_totp": True,
        "has_passkey": True,
        "left": 3,
        "name": "Ruth Aldous",
        "chosen": "en",
    }


def _no_mail() -> dict[str, Any]:
    return {**_wrong()(), "mails": False, "reason": "reset"}


def _square() -> Markup:
    return qr("https://adherence.example.org/code#K7QM-2XHD-9RTA", "Square code")


def _enrol() -> dict[str, Any]:
    return {
        "square": _square(),
        "secret": "JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EHPK-3PXP",
        "errors": {"code": "This code does not fit.", "passkey": "No passkey was made."},
        "is_first": True,
        "passkeys": True,
    }


def _enrol_again() -> dict[str, Any]:
    return {**_enrol(), "errors": {}, "is_first": False, "passkeys": False}


def _prove(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "to": "/account/sessions",
        "has_pin": True,
        "has_password": True,
        "has_totp": False,
        "has_passkey": True,
        "is_demo": False,
        "has_any": True,
        "errors": {"proof": "This does not fit."},
    }
    return {**usual, **changes}


def _prove_twice() -> dict[str, Any]:
    """Fields of one name stand on this page in turn, never together."""
    return _prove(has_pin=False, has_totp=True, errors={})


def _prove_in_demo() -> dict[str, Any]:
    return _prove(
        has_pin=False, has_password=False, has_passkey=False, has_any=False, is_demo=True, errors={}
    )


def _prove_nothing() -> dict[str, Any]:
    return {**_prove_in_demo(), "is_demo": False}


_KEYS = [
    View(name="Firefox, Android", note="this one", action="#"),
    View(name="Safari, iPad", note="last used 3 March 2026", action="#"),
]


def _ways_in(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "email": "ruth.aldous@example.org",
        "email_new": "ruth@example.org",
        "has_password": True,
        "has_totp": True,
        "recovery": "8 recovery codes are left.",
        "passkeys": _KEYS,
        "devices": _KEYS,
        "has_pin_here": True,
        "may_pin": True,
        "may_passkey": True,
        "may_mail": True,
        "is_staff": False,
    }
    return {
        "layout": "patient/layout.html",
        "ways": View(**{**usual, **changes}),
        "errors": {"code": "This code does not fit."},
    }


def _ways_in_staff() -> dict[str, Any]:
    new = _ways_in(
        email="",
        email_new="",
        has_password=False,
        has_totp=False,
        recovery="",
        passkeys=[],
        devices=[],
        has_pin_here=False,
        may_pin=False,
        is_staff=True,
    )
    return {**new, "layout": "clinician/layout.html", "errors": {"factor": "You need one."}}


def _sessions() -> dict[str, Any]:
    shown = [
        View(name="Chrome, Windows", note="this one", action=""),
        View(name="Safari, iPhone", note="last active 12 min ago", action="#"),
    ]
    return {"layout": "clinician/layout.html", "sessions": shown}


def _for() -> dict[str, Any]:
    return {
        "people": [
            View(patient_id="", name="For me, Maria Aldous", is_now=True),
            View(patient_id=ID, name="Ruth Aldous", is_now=False),
        ]
    }


_DECISION = View(
    what="Agreed, “Ruth Aldous”",
    how="2 March 2026, by the patient here",
    at="2026-03-02T09:00:00Z",
    words="#",
)


def _consent_words() -> Any:
    return texts()[Purpose.CARE][0].words["en"]


def _consents() -> dict[str, Any]:
    return {
        "consents": [
            View(link="#", icon="lock", title=each[0].words["en"].title, state="Not answered yet")
            for each in texts().values()
        ]
    }


def _consent(state: str, sign: str = "") -> dict[str, Any]:
    shown = View(
        purpose="care",
        words=_consent_words(),
        version=1,
        locale="en",
        state=state,
        says="You agree since 2 March 2026, signed “Ruth Aldous”.",
        is_given=state == "given",
        may_decline=state != "given",
        give="#",
        withdraw="#",
        sign=sign,
        history=[_DECISION],
    )
    return {
        "consent": shown,
        "form": {"signature": " R"},
        "errors": {"signature": "Type your name, at least two letters."},
    }


def _agreed() -> dict[str, Any]:
    return {
        "agreed": _consent_words(),
        "lang": "en",
        "about": "Version 1 in English, as it was then.",
        "decision": _DECISION,
        "back": "#",
    }


_STANDS = [
    View(title="Text messages", state="consent given", is_given=True, note="on paper", history=[]),
    View(title="E-mails", state="no consent", is_given=False, note="", history=[_DECISION]),
]


def _consents_of_patient() -> dict[str, Any]:
    return {
        "name": "Ruth Aldous",
        "back": "#",
        "action": "#",
        "stands": _STANDS,
        "purposes": [("", "–"), ("sms", "Text messages")],
        "languages": [("en", "English"), ("de", "Deutsch")],
        "form": {"answer": "given", "decided_on": "2026-03-02", "locale": "de"},
        "errors": {"purpose": "Choose what it is about.", "signature": "Type your name."},
    }


def _letting_in() -> dict[str, Any]:
    return {
        "access": View(
            patient_id=ID,
            name="Ruth Aldous",
            back="#",
            state="Signs in by PIN.",
            email="ruth.aldous@example.org",
            devices=_KEYS,
            proxies=[View(name="Maria Aldous", note="until somebody ends it", action="#")],
            may_mail=True,
        ),
        "form": {"until": "day"},
        "errors": {"until": "Choose until when.", "last_day": "Choose the last day."},
    }


def _invite_sheet() -> dict[str, Any]:
    return {
        "sheet": View(name="Ruth Aldous", clinic="Praxis am Fluss", code="K7QM-2XHD-9RTA"),
        "until": "16 March 2026",
        "square": _square(),
        "address": "adherence.example.org/code",
        "back": "#",
    }


def _staff() -> dict[str, Any]:
    return {
        "members": [
            View(
                name="Anna Berger",
                role="Clinician",
                note="anna@example.org",
                again="#",
                disable="#",
                tie="#",
                subject="anna.berger",
            ),
            View(
                name="Imre Fehér",
                role="Clinician",
                note="shut out",
                again="",
                disable="",
                tie="",
                subject="",
            ),
        ],
        "roles": [("clinician", "Clinician"), ("admin", "Administrator")],
        "link": "https://adherence.example.org/code#Zk3uUqkqWfU2bYt6vN1xw7nBq9yQ0aL5rT8eD4cG2hM",
        "mailed": True,
        "form": {},
        "errors": {"name": "This cannot stay empty.", "email": "This is not an e-mail address."},
    }


def _emergency_row(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "id": ID,
        "patient": "Ruth Aldous",
        "clinician": "Imre Fehér",
        "when": "2 March 2026, 21:14",
        "until": "was over at 22:14",
        "reason": "Lies unconscious, which medicines does she take?",
        "seen": "",
        "seen_words": "",
        "told": False,
        "see": "#",
        "tell": "#",
    }
    return View(**{**usual, **changes})


def _looked_into() -> View:
    return _emergency_row(
        id=ID[:-1] + "2", seen="Seen by Paul Richter", seen_words="It was one.", told=True,
        see="", tell="",
    )  # fmt: skip


def _emergencies() -> dict[str, Any]:
    return {
        "rows": [_emergency_row(), _looked_into()],
        "about": ID,
        "form": {"words": "?"},
        "errors": {"words": "Write a sentence."},
    }


def _emergency() -> dict[str, Any]:
    return {
        "open": View(name="Jonas Weber", left="41 minutes left", sheet="#", end="#"),
        "minutes": "60 minutes",
        "candidates": [("1", "here since 3 March 2024"), ("2", "here since 9 May 2025")],
        "form": {"name": "Ruth Aldous", "birth_year": "1952", "reason": "ill"},
        "errors": {"reason": "At least ten characters.", "chosen": "Choose one."},
    }


def _member(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "name": "Anna Berger",
        "kind": "leads the team",
        "is_lead": True,
        "note": "Physiotherapy, since 23 September 2026",
        "may": "Sees and plans everything.",
        "lead": "",
        "end": "#",
    }
    return View(**{**usual, **changes})


def _team() -> dict[str, Any]:
    people = [("", "Choose a person"), (ID, "Imre Fehér")]
    return {
        "team": View(
            patient_id=ID,
            name="Ruth Aldous",
            back="#",
            back_words="Ruth Aldous",
            members=[_member(), _member(name="Imre Fehér", is_lead=False, lead="#")],
            planned=[_member(name="Mia Lund", kind="stands in", is_lead=False)],
            may_change=True,
            may_name_lead=True,
            joiners=people,
            disciplines=[("physiotherapy", "Physiotherapy"), ("nursing", "Nursing")],
            away=people,
            substitutes=people,
            for_all=True,
            leaving="Anna Berger",
            leave="#",
            successors=people,
            alone="",
            emergencies=[_looked_into()],
            said=None,
        ),
        "form": {"first_day": "2026-03-09", "scope": "all"},
        "errors": {"last_day": "Choose the last day.", "substitute_id": "Choose a person."},
    }


def _own_team() -> dict[str, Any]:
    note = View(name="Anna Berger", when="3 March 2026 at 09:14", at="2026-03-03", lines=[])
    return {
        "team": View(
            members=[_member()],
            planned=[_member(name="Mia Lund")],
            emergencies=[_emergency_row(), _looked_into()],
            notes=[note, note],
        )
    }


def _places() -> dict[str, Any]:
    return {
        "name": "Anna Berger",
        "places": [View(name="Ruth Aldous", kind="leads the team", link="#")],
    }


def _notes() -> dict[str, Any]:
    one = View(
        name="Anna Berger", when="3 March 2026 at 09:14", at="2026-03-03", lines=["Anxious."]
    )
    return {
        "name": "Ruth Aldous",
        "back": "#",
        "notes": [one],
        "writes": True,
        "form": {"client_id": ID, "text": " "},
        "errors": {"text": "Write something first."},
    }


_COPIES = [
    View(title="Of 2 March 2026", note="ready until 9 March", link="#"),
    View(title="Of 9 March 2026", note="is being made", link=""),
]


def _my_data() -> dict[str, Any]:
    wish = View(
        icon="wait",
        title="You asked for deletion",
        note="Two people decide.",
        reason="The law wants it kept until 2036.",
        withdraw="#",
    )
    return {
        "wish": wish,
        "is_locked": False,
        "copies": _COPIES,
        "may_ask": True,
        "form": {"words": "I moved away.", "sure": ""},
        "errors": {"sure": "Tick this if you are sure.", "export": "One is being made."},
    }


def _data_of_patient() -> dict[str, Any]:
    return {
        "patient_id": ID,
        "name": "Ruth Aldous",
        "copies": _COPIES,
        "form": {"name": "", "birth_year": "12"},
        "errors": {"name": "Type a name.", "birth_year": "A year such as 1952."},
    }


def _forgetting() -> dict[str, Any]:
    outcomes = [("", "–"), ("erase", "Delete everything"), ("restrict", "Lock it away")]

    def wish(**changes: Any) -> View:
        usual: dict[str, Any] = {
            "id": ID,
            "name": "Ruth Aldous",
            "asked": "Asked on 2 March 2026",
            "words": "I moved away.",
            "facts": ["The record holds signed notes."],
            "proposal": "Paul Richter proposes to lock it away",
            "reason": "The law wants it kept.",
            "waits_for_other": False,
            "is_locked": True,
            "outcomes": outcomes,
            "chosen": "restrict",
            "action": "#",
        }
        return View(**{**usual, **changes})

    waiting = wish(id="other", name="Jonas Weber", waits_for_other=True, outcomes=[])
    return {
        "wishes": [wish(), waiting, wish(id="third", name="Mehmet Kaya")],
        "wrong_at": ID,
        "form": {"outcome": "", "reason": ""},
        "errors": {"outcome": "Choose one.", "reason": "Write the reason."},
    }


def _audit(is_whole: bool) -> dict[str, Any]:
    line = View(
        at="2 Mar 09:14:03",
        datetime="2026-03-02T08:14:03+00:00",
        name="Anna Berger",
        role="clinician",
        did="Goals seen",
        about="Ruth Aldous",
        patient_id=ID,
        kind="read",
        note="in the care team",
        source="page",
        number="0011223344556677",
    )
    refused = {**vars(line), "kind": "refusal", "did": "goals seen", "about": "", "role": ""}
    return {
        "form": {"since": "2026-03-02", "until": "2026-03-01", "patient": "Nobody"},
        "errors": {"until": "The last day lies before the first.", "patient": "Nobody has it."},
        "lines": [line, View(**refused), View(**{**vars(line), "kind": "emergency"})],
        "older": "2026-03-02 x 3",
        "kinds": [("", "Everything"), ("read", "Looked")],
        "people": [("", "Everybody"), (ID, "Anna Berger")],
        "verified": "02:14",
        "is_whole": is_whole,
        "count": "3 lines",
    }


def _audit_empty() -> dict[str, Any]:
    nothing = {
        "lines": [],
        "older": "",
        "count": "0 lines",
        "errors": {},
        "verified": None,
        "is_first": True,
    }
    return {**_audit(is_whole=False), **nothing}


def _accesses() -> dict[str, Any]:
    def one(name: str, *, is_emergency: bool) -> View:
        return View(
            name=name,
            as_what="in the care team",
            times="09:02 to 11:40",
            did="Record opened and goals seen",
            is_emergency=is_emergency,
        )

    people = [one("Anna Berger", is_emergency=False), one("Imre Fehér", is_emergency=True)]
    return {
        "days": [View(day="2 March 2026", date="2026-03-02", people=people)],
        "older": "#",
        "is_first": False,
        "newest": "#",
    }


def _error(ours: bool) -> dict[str, Any]:
    return {
        "error": View(
            ours=ours,
            title="That did not work, and it is our fault"
            if ours
            else "There is nothing under this address",
            words="It may have moved, or it was never yours to open. Nothing is lost.",
            link="#",
            link_words="To Today",
            again=None,
        )
    }


def _error_typed() -> dict[str, Any]:
    return {
        "error": View(
            ours=False,
            title="This page is no longer up to date",
            words="It sent something that is not asked here. Nothing was stored.",
            link="#",
            link_words="To my first page",
            again=View(action="#", fields=[("kind", "rest")], words="Send what I typed"),
        )
    }


def _send_now() -> dict[str, Any]:
    return {"waiting": View(action="#", fields=[("signature", "Ruth Aldous")])}


def _sample(template: str, context: Callable[[], dict[str, Any]]) -> View:
    return View(template=template, context=context)


PICTURE = View(address="/static/icons/mark.svg?theme=")


def _hit(**changes: Any) -> View:
    usual: dict[str, Any] = {
        "slug": "heel-raise",
        "link": "#",
        "title": "Heel raises",
        "facts": ["Ankle and foot", "Standing", "Chair"],
        "difficulty": 2,
        "difficulty_words": "Easy",
        "is_own": False,
        "picture": PICTURE,
        "cover": "",
    }
    return View(**{**usual, **changes})


def _library(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "layout": "clinician/layout.html",
        "action": "#",
        "filters": [
            View(
                name="region",
                word="Part of the body",
                options=[("", "any part"), ("knee", "Knee"), ("hip", "Hip")],
            )
        ],
        "is_filtered": True,
        "has_filter": True,
        "is_clinician": True,
        "looking_for": None,
        "hits": [_hit(), _hit(title="Small knee bends", difficulty=4, is_own=True, picture=None)],
        "add": "#",
        "said": "2 exercises fit",
    }
    return {
        "library": View(**{**usual, **changes}),
        "form": {"q": "stairs", "region": "knee"},
        "errors": {},
    }


def _library_for() -> dict[str, Any]:
    ruth = View(patient_id=ID, name="Ruth Aldous", back="#")
    found = _library(looking_for=ruth, hits=[], said="No exercise fits.")
    return found | {"errors": {"q": "At most 120 characters."}}


def _exercise(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "layout": "clinician/layout.html",
        "slug": "heel-raise",
        "version": 1,
        "title": "Heel raises",
        "purpose": "Strong calves carry you up the stairs.",
        "body": "Your calf muscles shorten and lift your weight.",
        "facts": [View(word="Position", value="Standing")],
        "start": ["Stand behind a chair."],
        "steps": ["Push up slowly.", "Lower your heels."],
        "mistakes": ["You drop down. Take your time."],
        "stop": ["Stop if it hurts sharply."],
        "caution": ["Recent rupture of the tendon."],
        "dose": ["2–4 rounds, 8–12 times each"],
        "dose_source": "A position stand, 2009",
        "easier": [_hit()],
        "harder": [_hit()],
        "frames": [View(word="Start", picture=Markup('<img src="#" alt="Start">'))],
        "motion": {},
        "media": [],
        "language": "",
        "copy": "#",
        "change": "#",
        "retire": "#",
        "is_retired": False,
        "is_sided": True,
        "side": "left",
        "is_clinician": True,
        "is_own": False,
        "older": "#",
        "is_first": False,
        "back": "#",
        "prescribe": "#",
        "prescribe_words": "Prescribe it",
    }
    return {"exercise": View(**{**usual, **changes})}


def _own(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "heading": "Our own exercise from “Heel raises”",
        "lead": "Only your clinic sees it.",
        "action": "#",
        "draw": "#",
        "back": "#",
        "base": "heel-raise@1",
        "seen": "1",
        "languages": [
            View(
                locale="de",
                name="Deutsch",
                is_open=True,
                texts=[
                    View(name="title-de", word="Title", value="Fersen", rows=1, error=""),
                    View(name="steps-de", word="Steps", value="", rows=4, error="Missing."),
                ],
            )
        ],
        "choices": [("region", "Part of the body", [("", ""), ("knee", "Knee")])],
        "goals": [View(value="stairs", word="Climbing stairs", is_chosen=True)],
        "equipment": [View(value="chair", word="Chair", is_chosen=False)],
        "doses": [("sets", "Rounds")],
        "poses": [
            View(
                number=0,
                title="Pose 1: Start",
                seconds="2",
                hold="0.5",
                at="0",
                sliders=[
                    View(
                        name="p0-spine_low.turn",
                        word="Lower back, turn",
                        low="-5",
                        high="158",
                        value="5",
                    )
                ],
            )
        ],
        "joints": ["hip.flexion"],
        "more": [("elbow.flexion", "Elbow: flexion")],
        "media": [
            View(value=ID, name="Picture", address="#", is_film=False, said="A chair"),
            View(value=f"{ID}-2", name="Film", address="#", is_film=True, said="Up and down"),
        ],
        "takes_more": True,
        "title": "Heel raises",
        "body": "The calves lift you.",
        "motion": {},
        "frames": [View(word="At the start", picture=Markup('<img src="#" alt="Start">'))],
        "warning": "Something does not touch what it should.",
    }
    return {
        "own": View(**{**usual, **changes}),
        "form": {"region": "knee"},
        "errors": {"steps-de": "Missing.", "file": "This file is empty."},
    }


def _lesson(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "layout": "patient/layout.html",
        "is_clinician": False,
        "title": "Pacing",
        "summary": "Do a little, often.",
        "paragraphs": ["Good days tempt.", "A plan helps."],
        "question": "What helps on a good day?",
        "answers": [("1", "Doing it all"), ("2", "Keeping to the plan"), ("3", "Resting")],
        "action": "#",
        "back": "#",
        "reply": View(is_right=True, title="Yes, that is it.", because="The plan holds."),
        "sources": ["NICE: Chronic pain, 2021 (NG193)"],
    }
    return {"lesson": View(**{**usual, **changes}), "form": {"answer": "2"}, "errors": {}}


SAMPLES = {
    "library": _sample("library/index.html", _library),
    "library-for": _sample("library/index.html", _library_for),
    "exercise": _sample("library/exercise.html", _exercise),
    "exercise-patient": _sample(
        "library/exercise.html",
        lambda: _exercise(layout="patient/layout.html", is_clinician=False, prescribe=""),
    ),
    "exercise-own": _sample(
        "library/exercise.html",
        lambda: _exercise(
            frames=[],
            is_retired=True,
            language="de",
            media=[
                View(address="#", is_film=True, said="Up and down"),
                View(address="#", is_film=False, said="A chair"),
            ],
        ),
    ),
    "own": _sample("library/own.html", _own),
    "exercise-for-whom": _sample(
        "library/prescribe.html",
        lambda: {"library": View(title="Heel raises", back="#", patients=[("Ruth Aldous", "#")])},
    ),
    "lessons": _sample(
        "library/lessons.html",
        lambda: {
            "library": View(
                layout="patient/layout.html",
                is_clinician=False,
                lessons=[("#", "Pacing", "Do a little, often.")],
            )
        },
    ),
    "lesson": _sample("library/lesson.html", _lesson),
    "lesson-wrong": _sample(
        "library/lesson.html", lambda: _lesson(reply=None) | {"errors": {"answer": "Choose one."}}
    ),
    "today": _sample("patient/today.html", _today),
    "today-empty": _sample("patient/today.html", _today_empty),
    "log": _sample("patient/log.html", _log),
    "log-wrong": _sample("patient/log.html", _log_wrong),
    "check-in": _sample("patient/log.html", _check_in),
    "again": _sample("patient/again.html", _again),
    "not-today": _sample("patient/not_today.html", _not_today),
    "symptom": _sample("patient/symptom.html", _symptom),
    "goals": _sample("patient/goals.html", _goals),
    "progress": _sample("patient/progress.html", _progress),
    "milestones": _sample("patient/milestones.html", _milestones),
    "pause": _sample("patient/pause.html", _pause),
    "correct": _sample("patient/correct.html", _correct),
    "put-right": _sample("clinician/correct.html", _put_right),
    "answers": _sample("patient/answers.html", _answers),
    "answers-none": _sample("patient/answers.html", lambda: {"answers": []}),
    "things": _sample("patient/things.html", _things),
    "review": _sample("clinician/review.html", _review),
    "review-empty": _sample("clinician/review.html", _review_empty),
    "patients": _sample("clinician/patients.html", _patients),
    "patient": _sample("clinician/patient.html", _sheet),
    "goal-new": _sample("clinician/goal_new.html", _goal_new),
    "activity-new": _sample("clinician/activity_new.html", _activity_new),
    "activity-revise": _sample("clinician/activity_revise.html", _activity_revise),
    "programme": _sample("programme/overview.html", _overview),
    "programme-counted": _sample("programme/overview.html", _overview_full),
    "account": _sample("account/account.html", dict),
    "sign-in": _sample("account/sign_in.html", _sign_in),
    "signed-out": _sample("account/sign_in.html", _signed_out),
    "pin": _sample("account/pin.html", _wrong(pin="This PIN does not fit.")),
    "code": _sample("account/code.html", _wrong(token="This code does not fit.")),
    "mail": _sample("account/mail.html", _wrong(email="Type an e-mail address.")),
    "mail-off": _sample("account/mail.html", _no_mail),
    "mail-sent": _sample("account/mail_sent.html", _wrong(code="This code does not fit.")),
    "first-start": _sample("account/first_start.html", _wrong(zone="No zone.", again="Not same.")),
    "second": _sample("account/second.html", _wrong(code="This code does not fit.")),
    "first-password": _sample("account/first_password.html", _wrong(password="Too short.")),
    "enrol": _sample("account/enrol.html", _enrol),
    "enrol-again": _sample("account/enrol.html", _enrol_again),
    "recovery": _sample(
        "account/recovery.html", lambda: {"codes": ["K7QM2-XHD9R-TAB"] * 10, "errors": {}}
    ),
    "welcome": _sample("account/welcome.html", _wrong(pin="Easy to guess.", again="Not same.")),
    "password": _sample("account/password.html", _wrong(current="This is not your password.")),
    "new-pin": _sample("account/new_pin.html", _wrong(pin="Easy to guess.")),
    "email": _sample("account/email.html", _wrong(email="This is not an e-mail address.")),
    "email-off": _sample("account/email.html", _no_mail),
    "prove": _sample("account/prove.html", _prove),
    "prove-twice": _sample("account/prove.html", _prove_twice),
    "prove-in-demo": _sample("account/prove.html", _prove_in_demo),
    "prove-first": _sample("account/prove.html", lambda: {**_prove(), "waiting": "[]"}),
    "send-now": _sample("account/send_now.html", _send_now),
    "prove-nothing": _sample("account/prove.html", _prove_nothing),
    "for": _sample("account/for.html", _for),
    "for-nobody": _sample("account/for.html", lambda: {"people": []}),
    "ways-in": _sample("account/ways_in.html", _ways_in),
    "ways-in-staff": _sample("account/ways_in.html", _ways_in_staff),
    "sessions": _sample("account/sessions.html", _sessions),
    "proxies": _sample("patient/proxies.html", lambda: {"people": _KEYS}),
    "oidc-on": _sample(
        "account/oidc_on.html", lambda: {"place": "#", "is_back": False, "name": "Hospital"}
    ),
    "oidc-arrived": _sample(
        "account/oidc_arrived.html",
        lambda: {"action": "#", "said": {"code": "c", "state": "s"}, "ties": 0, "name": "Hospital"},
    ),
    "consents": _sample("patient/consents.html", _consents),
    "consent": _sample("patient/consent.html", lambda: _consent("undecided")),
    "consent-given": _sample("patient/consent.html", lambda: _consent("given")),
    "consent-research": _sample("patient/consent.html", lambda: _consent("outdated", sign="#")),
    "agreed": _sample("patient/agreed.html", _agreed),
    "consents-of-patient": _sample("clinician/consents.html", _consents_of_patient),
    "agreed-of-patient": _sample("clinician/agreed.html", _agreed),
    "proxies-nobody": _sample("patient/proxies.html", lambda: {"people": []}),
    "letting-in": _sample("clinician/ways_in.html", _letting_in),
    "invite-sheet": _sample("clinician/invite_sheet.html", _invite_sheet),
    "staff": _sample("clinician/staff.html", _staff),
    "emergencies": _sample("clinician/emergencies.html", _emergencies),
    "emergencies-none": _sample(
        "clinician/emergencies.html",
        lambda: {"rows": [], "about": "", "form": {}, "errors": {}},
    ),
    "emergency": _sample("clinician/emergency.html", _emergency),
    "team": _sample("clinician/team.html", _team),
    "own-team": _sample("patient/team.html", _own_team),
    "places": _sample("clinician/places.html", _places),
    "notes": _sample("clinician/notes.html", _notes),
    "my-data": _sample("patient/data.html", _my_data),
    "data-of-patient": _sample("clinician/data.html", _data_of_patient),
    "forgetting": _sample("clinician/forgetting.html", _forgetting),
    "audit": _sample("clinician/audit.html", lambda: _audit(is_whole=True)),
    "audit-broken": _sample("clinician/audit.html", lambda: _audit(is_whole=False)),
    "audit-empty": _sample("clinician/audit.html", _audit_empty),
    "accesses": _sample("patient/accesses.html", _accesses),
    "accesses-none": _sample(
        "patient/accesses.html", lambda: {"days": [], "older": "", "newest": ""}
    ),
    "not-found": _sample("errors/error.html", lambda: _error(False)),
    "unknown-field": _sample("errors/error.html", _error_typed),
    "broken": _sample("errors/error.html", lambda: _error(True)),
}
