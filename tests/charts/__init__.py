"""Charts: that they say what the numbers say, whatever people typed."""
