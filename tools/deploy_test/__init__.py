"""A test of the deploy: the README's commands, in order, against an emulator of AWS."""
