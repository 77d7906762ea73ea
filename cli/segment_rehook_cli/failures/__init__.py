"""What failed: messages that are parked, and messages that wait for their next try."""
