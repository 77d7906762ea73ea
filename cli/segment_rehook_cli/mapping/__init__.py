"""Destination files and what they make of events: preview, validate, evaluate and schema."""
