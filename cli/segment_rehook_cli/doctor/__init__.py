"""The command `doctor`: whether all is well with a stack, and what an alarm is about."""
