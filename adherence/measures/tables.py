"""The library's entry: a table of supplies in, a table of the same kind out."""

from __future__ import annotations

from typing import Any

from adherence.domain.supplies import COLUMNS, Question, columns_needed
from adherence.measures import duck
from adherence.measures.engines import library
from adherence.measures.supply_files import check_columns


def compute(table: Any, question: Question) -> Any:
    """Return the answer to ``question`` about ``table``, as a table of the same kind.

    ``table`` is a pandas or Polars frame (also lazy), an Arrow table, or an Ibis table, with one
    row per supply: ``patient_id`` (text), ``date``, ``duration`` (days, above 0), and where the
    question reads them ``daily_dose`` (above 0) and ``medication``. Supplies of one patient and day
    keep the table's order; an Ibis table, which has none, may bring it in a column ``seq``.

    One row per patient, episode, sliding window or supply, in that order; the columns are those of
    the command's files. Measures are shares (CMA1 and CMA2 may exceed 1), durations are days. What
    is not computable is missing, never zero, and ``reason`` says why. The answer about an Ibis
    table is an expression that nothing has computed yet, on the table's own engine; its rows are
    not checked. Definitions and sources: ``adherence.domain.supplies.DEFINITIONS``.

    Raises ``UnusableFile`` for a missing column, ``BadSupplies`` (every bad row, counted from 1)
    and ``EngineMissing`` where DuckDB or Ibis is not installed.
    """
    kind = type(table).__module__.split(".")[0]
    if kind == "ibis":
        return expression(table, question)
    if kind == "polars" and hasattr(table, "collect"):
        return compute(table.collect(), question).lazy()
    found = duck.answer_table(question, table)
    if kind == "polars":
        return found.pl()
    if kind == "pandas":
        return found.df()
    return found.to_arrow_table()


def expression(table: Any, question: Question) -> Any:
    """Return the Ibis expression that answers ``question`` about the Ibis ``table``."""
    ibis = library("ibis")
    expressions = library("adherence.measures.expressions")
    check_columns("the table", table.columns, columns_needed(question))
    wanted = columns_needed(question)
    typed = {name: table[name].cast(expressions.TYPES[name]) for name in COLUMNS if name in wanted}
    order = table.seq if "seq" in table.columns else ibis.row_number()
    return expressions.answer(table.select(**typed, seq=order), question)
