"""Usual things for tests, each a plain function: only what the test is about is named."""
