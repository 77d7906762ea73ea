"""Random bytes against the webhook's door, for as long as one likes (`make fuzz`)."""
