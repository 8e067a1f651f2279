"""What the package brings along: exercises, their figure and frames, and education pieces."""
