"""Limits how often Rehook is called: the breaker, redrive's pace, a dead letter's back-off."""
