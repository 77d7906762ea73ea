"""IngestFunction: Segment's webhook requests, by way of API Gateway."""

from segment_rehook import wiring

# Built while the function starts: Lambda gives that phase a full core. A mistake in the environment
# or in destination.json ends the start.
handler = wiring.ingest()
