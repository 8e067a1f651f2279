"""What a chart can show: four charts by their names on the wire, and the pieces they are made of.

All are frozen values. Picture, sentence and table of a chart are made of the same one, so they
cannot disagree. Read `parts.py`, then one of the four.
"""

from collections.abc import Mapping

from adherence.charts.calendar import Calendar, CalendarFacts
from adherence.charts.doses import DoseChart, DoseFacts
from adherence.charts.goal import GoalChart, GoalFacts
from adherence.charts.parts import (
    Day,
    Dose,
    DoseMark,
    DoseWindow,
    Measured,
    PlanChange,
    Reading,
    Table,
)
from adherence.charts.symptom import SymptomChart, SymptomFacts

__all__ = [
    "CHARTS",
    "Calendar",
    "CalendarFacts",
    "Chart",
    "Day",
    "Dose",
    "DoseChart",
    "DoseFacts",
    "DoseMark",
    "DoseWindow",
    "GoalChart",
    "GoalFacts",
    "Measured",
    "PlanChange",
    "Reading",
    "SymptomChart",
    "SymptomFacts",
    "Table",
]

Chart = Calendar | SymptomChart | GoalChart | DoseChart
CHARTS: Mapping[str, type[Chart]] = {
    "adherence": Calendar,
    "symptom": SymptomChart,
    "goal": GoalChart,
    "doses": DoseChart,
}
"""The charts by their names on the wire."""
