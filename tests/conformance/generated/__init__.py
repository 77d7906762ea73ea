"""Generators of odd mappings, triggers, templates and events, all from one seeded `Random`."""
