"""Tests of the rules. None takes a fixture: a test that needs an app is not one of these."""
