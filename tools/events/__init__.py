"""Sample events: the payloads under ``events/`` and what Lambda makes of them."""
