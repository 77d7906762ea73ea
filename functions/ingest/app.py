"""IngestFunction: Segment's webhook requests, by way of API Gateway."""

from segment_rehook import wiring

# Built while the function starts: Lambda gives that phase a full core, and a mistake in the
# environment or in destination.json ends it there.
handler = wiring.ingest()
