"""The stack on which a command works: how it is chosen, found and asked."""
