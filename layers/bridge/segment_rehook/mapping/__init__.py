"""Segment's mapping language: triggers, directives, subscriptions, field rules. Without I/O."""
