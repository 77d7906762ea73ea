"""The functions' log: queries, and the command tail."""
