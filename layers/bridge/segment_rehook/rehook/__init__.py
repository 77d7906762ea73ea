"""Calls to Rehook: the two actions, what an event comes to, and what an answer means."""
