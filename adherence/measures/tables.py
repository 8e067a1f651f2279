"""The library's entry: a table of supplies in, a table of the same kind out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adherence.domain.supplies import PdcQuestion, Question, columns_needed
from adherence.measures import duck
from adherence.measures.engines import library
from adherence.measures.supply_files import OTHERS, UnusableFile, check_columns
from adherence.measures.walks import WalkQuestion, answer_tables, sheets


def compute(table: Any, question: Any, *, match: Sequence[str] = (), **others: Any) -> Any:
    """Return the answer to ``question`` about ``table``, as a table of the same kind.

    ``table`` is a pandas or Polars frame (also lazy), an Arrow table, or an Ibis table. For a
    question about supplies (``domain.supplies``) it has one row per supply: ``patient_id`` (text),
    ``date``, ``duration`` (days, above 0), and where the question reads them ``daily_dose`` (above
    0) and ``medication``. Supplies of one patient and day keep the table's order; an Ibis table,
    which has none, may bring it in a column ``seq``.

    One row per patient, episode, sliding window or supply, in order of ``patient_id`` as text; the
    columns are those of the command's files. Measures are shares (CMA1 and CMA2 may exceed 1),
    durations are days. What is not computable is missing, never zero, and ``reason`` says why. The
    answer about an Ibis table is an expression that nothing has computed yet, on the table's own
    engine; its rows are not checked. Definitions and sources:
    ``adherence.domain.supplies.DEFINITIONS``.

    ``others`` are further tables of any of these kinds. For the proportion of days covered:
    ``stays`` (``patient_id``, ``first_day``, ``last_day``, both days spent inside) and ``people``
    who is ``excluded`` (a text that says why) or whose coverage ends early (``covered_until``, the
    last day covered). For durations, initiation and dose logs (``domain.dispensings``,
    ``domain.doses``): the tables that ``measures.walks.SHEETS`` names beside the first, which is
    ``table``; ``match`` names the columns that tell one medication from another. Their answer about
    an Ibis table is computed at once.

    Raises ``UnusableFile`` for a missing column or a table nobody asks for, ``BadSupplies`` (every
    bad row, counted from 1) and ``EngineMissing`` where DuckDB or Ibis is not installed.
    """
    given = {name: one for name, one in others.items() if one is not None}
    walked = isinstance(question, WalkQuestion)
    first, *beside = [one.name for one in sheets(question)] if walked else ["supplies"]
    if isinstance(question, PdcQuestion):
        beside = list(OTHERS)
    if unknown := sorted(set(given).difference(beside)):
        raise UnusableFile(f"This question reads no table {', '.join(unknown)}.")
    kind = type(table).__module__.split(".")[0]
    if kind == "ibis" and not walked:
        return expression(table, question, **given)
    if kind == "polars" and hasattr(table, "collect"):
        return compute(table.collect(), question, match=match, **others).lazy()
    if walked:
        tables = {name: scanned(one) for name, one in {first: table, **given}.items()}
        found = answer_tables(question, tables, match)
    else:
        found = duck.answer_table(question, table, given)
    if kind == "polars":
        return found.pl()
    if kind == "pandas":
        return found.df()
    arrow = found.to_arrow_table()
    return library("ibis").memtable(arrow) if kind == "ibis" else arrow


def scanned(table: Any) -> Any:
    """Return ``table`` as something DuckDB can scan."""
    kind = type(table).__module__.split(".")[0]
    if kind == "ibis":
        return table.to_pyarrow()
    return table.collect() if kind == "polars" and hasattr(table, "collect") else table


def expression(table: Any, question: Question, stays: Any = None, people: Any = None) -> Any:
    """Return the Ibis expression that answers ``question`` about the Ibis ``table``."""
    ibis = library("ibis")
    expressions = library("adherence.measures.expressions")
    check_columns("the table", table.columns, columns_needed(question))
    wanted = columns_needed(question)
    types = expressions.supplies_of(question).schema()
    typed = {name: table[name].cast(types[name]) for name in wanted}
    order = table.seq if "seq" in table.columns else ibis.row_number()
    others = ()
    if isinstance(question, PdcQuestion):
        empty = library("adherence.measures.coverage").without(table)
        others = tuple(
            none if given is None else given
            for given, none in zip((stays, people), empty, strict=True)
        )
    return expressions.answer(table.select(**typed, seq=order), question, others)
