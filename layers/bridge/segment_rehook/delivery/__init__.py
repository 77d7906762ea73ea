"""Delivers events as promised: none lost, none twice where it can be known, in order per user.

The code here uses the ports of `ports.py`. It imports no AWS library.
"""
