"""The promise: nothing lost, nothing doubled where it can be known, in order per user.

Everything here is written against the ports of `ports.py`; nothing imports an AWS library.
"""
