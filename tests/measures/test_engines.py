"""One definition, several engines: equal to nine digits; the kept text is the expression."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("ibis")

from adherence.domain.groups import groups
from adherence.domain.supplies import (
    Carry,
    CmaQuestion,
    Column,
    EpisodeQuestion,
    EpisodeRule,
    GapQuestion,
    GapUnit,
    Measure,
    PdcQuestion,
    Question,
    SlidingWindows,
    Unit,
    Windows,
)
from adherence.measures import remote, texts
from adherence.measures.engines import Engine
from adherence.measures.supply_files import UnusableFile
from tests.measures.asked import COLUMNS, written

ALL = tuple(Measure)
MONTHS = Windows(0, 24, 6, 12, Unit.MONTHS)
DAYS = Windows(0, 730, 182, 365)
QUESTIONS: dict[str, Question] = {
    "nine": CmaQuestion(ALL, DAYS),
    "nine, months": CmaQuestion(ALL, MONTHS),
    "nine, same medication": CmaQuestion(ALL, DAYS, Carry(True, False)),
    "nine, dose": CmaQuestion(ALL, DAYS, Carry(False, True)),
    "nine, both": CmaQuestion(ALL, MONTHS, Carry(True, True)),
    "nine, from a date": CmaQuestion(ALL, Windows(date(2020, 6, 1), 300, 30, 200)),
    "nine, windows in columns": CmaQuestion(
        ALL, Windows(Column("index_day", dated=True), Column("weeks"), 3, 20, Unit.WEEKS)
    ),
    "nine, months in columns": CmaQuestion(
        ALL, Windows(1, 24, Column("months"), Column("months"), Unit.MONTHS)
    ),
    "per episode": CmaQuestion(ALL, DAYS, per_episode=EpisodeRule(60, dose_change=True)),
    "sliding, counted": CmaQuestion(ALL, DAYS, sliding=SlidingWindows(90, count=5)),
    "sliding": CmaQuestion(ALL, DAYS, Carry(True, True), sliding=SlidingWindows(90, 30)),
    "episodes": EpisodeQuestion(EpisodeRule(50, GapUnit.PERCENT, medication_change=True)),
    "episodes, appended": EpisodeQuestion(EpisodeRule(30, append_gap=True), MONTHS, Carry(True)),
    "groups": CmaQuestion(
        ALL,
        DAYS,
        groups=tuple(groups({"Long": "duration > 28", "A": "medication == 'A'"}).items()),
    ),
    "days covered": PdcQuestion(date(2019, 9, 1), date(2020, 12, 31)),
    "gaps": GapQuestion(DAYS, Carry(True, True)),
    "gaps within": GapQuestion(MONTHS, into_window=False),
}


@pytest.fixture(scope="module")
def supplies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty histories with everything in them, the same each time."""
    chance = random.Random(7)
    rows = [
        (
            f"{'pPäÄ'[patient % 4]}{patient:02}",
            date(2019, 8, 31) + timedelta(days=chance.choice([0, patient, chance.randrange(800)])),
            chance.choice([14.25, 28, 30, 45.5, 90, 125 / 3, 400]),
            chance.choice([1, 1, 2, 0.5]),
            chance.choice("AAB"),
            date(2019, 9, 1) + timedelta(days=patient),
            patient + 20.5,
            patient % 7 + 1,
        )
        for patient in range(80)
        for _ in range(chance.randrange(1, 12))
    ]
    header = (*COLUMNS, "index_day", "weeks", "months")
    return written(tmp_path_factory.mktemp("engines") / "supplies.csv", rows, header)


def cells(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()]


def same(first: Path, second: Path) -> bool:
    """Whether two results are equal: texts exactly, numbers to nine digits."""
    for one, other in zip(cells(first), cells(second), strict=True):
        for left, right in zip(one, other, strict=True):
            if left.strip('"') != right.strip('"') and abs(float(left) - float(right)) > 1e-9:
                return False
    return True


def on_duckdb(question: Question, supplies: Path, folder: Path) -> Path:
    target = folder / "duckdb.csv"
    assert remote.answer(question, str(supplies), target, others=beside(question, folder)) > 0
    return target


def beside(question: Question, folder: Path) -> dict[str, Path]:
    """Files of stays and people for the question that reads them."""
    if not isinstance(question, PdcQuestion):
        return {}
    stays = [
        (f"p{4 * n:02}", f"2020-{n % 9 + 1:02}-05", f"2020-{n % 9 + 2:02}-01") for n in range(40)
    ]
    people = [("p00", "hospice", ""), ("p04", "", "2020-06-30")]
    return {
        "stays": written(folder / "stays.csv", stays, ("patient_id", "first_day", "last_day")),
        "people": written(
            folder / "people.csv", people, ("patient_id", "excluded", "covered_until")
        ),
    }


@pytest.mark.postgres
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_postgresql_gives_the_same(
    question: Question, supplies: Path, tmp_path: Path, postgres_server: str
):
    pytest.importorskip("psycopg")
    target = tmp_path / "postgres.csv"

    server = postgres_server.replace("+psycopg", "")
    rows = remote.answer(
        question,
        str(supplies),
        target,
        engine=Engine.POSTGRES,
        database=server,
        others=beside(question, tmp_path),
    )

    assert rows == len(cells(target)) - 1
    assert same(on_duckdb(question, supplies, tmp_path), target)


@pytest.mark.postgres
def test_supplies_are_read_from_postgresql(supplies: Path, tmp_path: Path, postgres_server: str):
    psycopg = pytest.importorskip("psycopg")
    server = postgres_server.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as run:
        run.execute(
            "CREATE TABLE measures_supply (id bigint GENERATED ALWAYS AS IDENTITY, patient_id text,"
            " date date, duration float8, daily_dose float8, medication text, index_day date,"
            " weeks float8, months int)"
        )
        try:
            columns = ", ".join((*COLUMNS, "index_day", "weeks", "months"))
            with run.cursor().copy(
                f"COPY measures_supply ({columns}) FROM STDIN (FORMAT csv, HEADER)"
            ) as copy:
                copy.write(supplies.read_bytes())
            target = tmp_path / "r.csv"
            remote.answer(QUESTIONS["nine, both"], server, target, table="measures_supply")
        finally:
            run.execute("DROP TABLE measures_supply")

    assert same(on_duckdb(QUESTIONS["nine, both"], supplies, tmp_path), target)


@pytest.mark.full
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # py4j leaves its sockets to the garbage collector
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_spark_gives_the_same(question: Question, supplies: Path, tmp_path: Path):
    pytest.importorskip("pyspark")
    target = tmp_path / "spark.csv"

    others = beside(question, tmp_path)
    found = remote.answer(question, str(supplies), target, engine=Engine.PYSPARK, others=others)
    assert found > 0

    assert same(on_duckdb(question, supplies, tmp_path), target)


def test_postgresql_needs_an_address(supplies: Path, tmp_path: Path):
    with pytest.raises(UnusableFile, match="--database"):
        remote.answer(QUESTIONS["nine"], str(supplies), tmp_path / "r.csv", engine=Engine.POSTGRES)


def unnamed(text: str) -> str:
    """``text`` without the names Ibis draws at random for what it unfolds."""
    return re.sub(r"ibis_table_unnest_\w+", "", text)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_kept_text_is_the_expression(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    first, kept = texts.text(question), texts.text(question)

    assert first == kept
    assert unnamed(kept) == unnamed(texts.compiled(question))
    assert len(list((tmp_path / "adherence" / "measures").iterdir())) == 1


def test_another_question_or_another_source_has_another_name(monkeypatch: pytest.MonkeyPatch):
    names = {texts.name(question, Engine.DUCKDB) for question in QUESTIONS.values()}
    assert len(names) == len(QUESTIONS)

    monkeypatch.setattr(texts, "SOURCES", texts.SOURCES[1:])
    assert texts.name(QUESTIONS["nine"], Engine.DUCKDB) not in names


def test_where_nothing_can_be_kept_the_text_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert texts.text(QUESTIONS["nine"]) == texts.compiled(QUESTIONS["nine"])
