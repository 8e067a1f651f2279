"""The DuckDB text of each question, made from the expression once and kept, so that Ibis may rest.

Loading Ibis and compiling an expression costs more than many a run. The text depends on nothing but
the question, the expressions' own source and the compilers' versions; all of them are in its name,
so a kept text is never stale. Where nothing can be kept, the text is made anew each time.
"""

from __future__ import annotations

import os
import tempfile
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from adherence.domain import supplies
from adherence.measures.engines import Engine, library

if TYPE_CHECKING:
    from adherence.domain.supplies import Question

HERE = Path(__file__).parent
SOURCES = (Path(supplies.__file__), HERE / "expressions.py", HERE / "texts.py")
COMPILERS = ("ibis-framework", "sqlglot")
KEPT_AT_MOST = 400
DIALECTS = {Engine.DUCKDB: "duckdb", Engine.POSTGRES: "postgres"}


def text(question: Question, engine: Engine = Engine.DUCKDB) -> str:
    """Return the query on ``supplies`` that answers ``question``, kept from before if it can be."""
    place = kept_in() / f"{name(question, engine)}.sql"
    try:
        return place.read_text(encoding="utf-8")
    except OSError:
        made = compiled(question, engine)
        keep(place, made)
        return made


def compiled(question: Question, engine: Engine = Engine.DUCKDB) -> str:
    """Return the query made from the expression, now."""
    ibis = library("ibis")
    expressions = library("adherence.measures.expressions")
    expression = expressions.answer(expressions.supplies_of(question), question)
    return str(ibis.to_sql(expression, dialect=DIALECTS[engine], pretty=False))


def name(question: Question, engine: Engine) -> str:
    """Return a name that differs whenever the text may differ."""
    parts = [repr(question), engine.value, *(release(compiler) for compiler in COMPILERS)]
    parts += [sha256(source.read_bytes()).hexdigest() for source in SOURCES]
    return sha256("\n".join(parts).encode()).hexdigest()


def release(package: str) -> str:
    """Return the installed version of ``package``, empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def kept_in() -> Path:
    """Return the folder of kept texts: ``adherence/measures`` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    return Path(cache) / "adherence" / "measures"


def keep(place: Path, made: str) -> None:
    """Write ``made`` whole or not at all; a folder that cannot be written to is no error."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=place.parent, suffix=".part", delete=False
        ) as file:
            file.write(made)
        Path(file.name).replace(place)
        kept = sorted(place.parent.glob("*.sql"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-KEPT_AT_MOST]:
            old.unlink(missing_ok=True)
    except OSError:
        return
