"""Segment's side: turns a webhook request into deliveries, and gives the answer."""
