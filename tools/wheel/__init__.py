"""Builds the command line's wheel, and tries it in an environment of its own (`make wheel`)."""
