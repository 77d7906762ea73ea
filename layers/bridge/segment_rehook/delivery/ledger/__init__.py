"""The ledger: a delivery's record, what it allows, and the writes that change it."""
