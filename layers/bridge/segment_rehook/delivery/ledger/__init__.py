"""The ledger: a delivery's record, what may follow from it, and the writes that change it."""
