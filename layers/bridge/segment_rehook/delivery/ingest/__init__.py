"""Segment's side: from a webhook request to its answer."""
