"""Erasing a person: out of the queues, the ledger and the marks."""

from __future__ import annotations

from segment_rehook_cli.erasing.erase_command import EXAMPLE, erase

__all__ = ["EXAMPLE", "erase"]
