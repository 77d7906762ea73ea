"""Deliberate defects in the promise, each of which the tests must catch."""
