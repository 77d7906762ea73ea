"""What Segment sends: requests, signatures, events. Independent of AWS and of Rehook."""
