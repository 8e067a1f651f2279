"""THE EXERCISES THAT COME WITH US: one data file each, and their reader.

Here belong files and what turns them into domain objects. Never a rule (those are in
`domain.exercises` and `domain.motions`), never a patient's or a clinic's own exercise. May import
`domain`. Read `FORMAT.md` first, then `reader.py`.
"""

from adherence.library.reader import exercise_at, exercise_named, exercises, motion

__all__ = ["exercise_at", "exercise_named", "exercises", "motion"]
