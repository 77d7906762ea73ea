"""A deploy that is real: the README's own commands, in order, against an emulator of AWS."""
