"""``make demo``: every step of a delivery, shown on this machine."""
