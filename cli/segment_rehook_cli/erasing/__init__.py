"""Erasing a person: out of the queues, the ledger and the marks."""
