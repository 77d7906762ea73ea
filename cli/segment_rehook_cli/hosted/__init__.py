"""Segment's own destination: the commands import and drift."""
