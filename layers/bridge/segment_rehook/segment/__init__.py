"""What Segment sends: requests, signatures, events. Knows nothing of AWS or of Rehook."""
