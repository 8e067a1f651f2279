"""What the package brings along: exercises and education pieces as data files, and their readers.

Here belong files and what turns them into objects. Never a rule of exercises (those are in
`domain.exercises` and `domain.motions`), never a patient's or a clinic's own. May import `domain`.
Read `FORMAT.md` first, then `reader.py`; `education.py` for the short texts with a question back,
`consent.py` for the words that patients agree to.
"""

from adherence.library.reader import exercise_at, exercise_named, exercises, motion

__all__ = ["exercise_at", "exercise_named", "exercises", "motion"]
