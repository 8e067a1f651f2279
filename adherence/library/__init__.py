"""What the package brings along to read: exercises and education pieces."""
