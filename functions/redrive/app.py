"""RedriveFunction: the dead-letter queue's messages, by way of an SQS event source."""

from segment_rehook import wiring

# Built while the function starts: see functions/ingest/app.py.
handler = wiring.redrive()
