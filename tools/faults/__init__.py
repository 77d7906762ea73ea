"""The crash test: the built stack under load, with kills and faults at every step, then checked.

`docs/faults.md` says what is done, and how to read the result.
"""
