"""How often Rehook is called: the circuit breaker, redrive's pace, a dead letter's back-off."""
