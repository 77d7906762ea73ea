"""The commands `failures`: one module for each."""
