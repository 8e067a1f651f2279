"""The libraries behind the measures: imported when used, named when missing."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from types import ModuleType

INSTALL = "pip install 'adherence[measures]'"


class Engine(StrEnum):
    """What computes: DuckDB inside this process, a PostgreSQL server, or Spark."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"
    PYSPARK = "pyspark"


class EngineMissing(ImportError):
    """A library this needs is not installed; the text says how to install it."""

    def __init__(self, library: str) -> None:
        extra = {
            "pyspark": "pip install pyspark, beside a Java runtime",
            "psycopg": "pip install 'adherence[postgres,measures]'",
        }
        how = extra.get(library, INSTALL)
        super().__init__(f"The measures need {library}, which is not installed here. Run: {how}")
        self.library = library


def library(name: str) -> ModuleType:
    """Return the module ``name``; raises ``EngineMissing``, which says how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name.split(".")[0]:
            raise
        raise EngineMissing(name) from None
