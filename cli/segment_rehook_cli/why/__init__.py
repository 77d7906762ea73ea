"""What became of an event, an order or a user: the command why."""
