# ruff: noqa: INP001 — unpacked under /opt, it is no package
"""A module that comes from the layer."""

ORIGIN = "layer"
