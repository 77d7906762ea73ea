"""Sample events: the payloads under ``events/``, and the Lambda events made from them."""
