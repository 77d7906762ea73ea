"""The crash test: the built stack under load, killed and let down at every step, then audited.

See ``docs/faults.md`` for what is done and how to read the evidence.
"""
