"""Puts defects into a copy of the code, each of which the tests must catch."""
