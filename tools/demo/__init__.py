"""``make demo``: shows every step of a delivery on this machine."""
