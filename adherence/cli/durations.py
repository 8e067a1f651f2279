"""``adherence durations``: how long dispensed quantities last, as supplies."""

from __future__ import annotations

import argparse
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.dispensings import DurationQuestion, DurationRule, While

EPILOG = f"""{supplies.definitions(["durations"])}

Columns: patient_id, medication, date (first day of the supply), duration (days, fractional at the
end), daily_dose, dispensed_on, quantity, prescribed_from and prescribed_until (the stretch it is
used in; the second is the first day outside, empty without an end), days_continued (of the
duration, those inside stays or interruptions), days_waited (how long the rest then waits), reason
(why a dispensing has no duration). With --computable-only the file is an input of 'adherence cma'.

Example:
  adherence durations --input dispensings.csv --prescriptions prescriptions.csv \\
      --stays stays.csv --stay carryover --output supplies.csv --computable-only
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``durations`` to the command."""
    parser = subparsers.add_parser(
        "durations",
        help="supplies with durations from prescriptions, dispensings and hospital stays",
        description=supplies.paragraph(
            "Compute how long dispensed quantities last: one row per supply, and one per"
            " dispensing that has no duration."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_walk_files(
        parser,
        "dispensings: patient_id,date,quantity[,medication], the quantity in the unit of the dose",
    )
    parser.add_argument(
        "--prescriptions",
        required=True,
        type=Path,
        metavar="FILE",
        help="patient_id,date,daily_dose[,duration][,medication]; without a duration (whole days) a"
        " prescription holds until the next one",
    )
    parser.add_argument(
        "--stays",
        type=Path,
        metavar="FILE",
        help="hospital stays and the like: patient_id,first_day,last_day, both days spent inside",
    )
    rules = parser.add_argument_group("rules")
    methods = "{continue,discard,carryover}"
    rules.add_argument(
        "--interruption",
        type=While,
        choices=list(While),
        default=While.CONTINUE,
        metavar=methods,
        help="supply in hand while nothing is prescribed: it is used up all the same, lost, or used"
        " afterwards (default: continue)",
    )
    rules.add_argument(
        "--stay",
        type=While,
        choices=list(While),
        metavar=methods,
        help="supply in hand during a stay; an interruption decides first (default: as"
        " --interruption)",
    )
    rules.add_argument(
        "--keep-first-dose",
        action="store_true",
        help="the dose in force when a supply begins holds to its end; otherwise a change of dose"
        " ends it and the rest goes on at the new one",
    )
    rules.add_argument(
        "--first-from-dispensing",
        action="store_true",
        help="a first prescription without a duration counts from an earlier first dispensing",
    )
    rules.add_argument(
        "--renew-at-visits",
        action="store_true",
        help="a prescription ends at the patient's next visit without a new one; a visit is a day"
        " on which anything was prescribed",
    )
    parser.add_argument(
        "--computable-only", action="store_true", help="leave out dispensings without a duration"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one row per supply; return the exit code."""
    rule = DurationRule(
        split_on_dose_change=not args.keep_first_dose,
        first_from_dispensing=args.first_from_dispensing,
        renew_at_visits=args.renew_at_visits,
        interruption=args.interruption,
        stay=args.stay or args.interruption,
    )
    question = DurationQuestion(rule, args.computable_only)
    return supplies.walk(
        question, args, ("durations",), prescriptions=args.prescriptions, stays=args.stays
    )
