"""The dead-letter queue's side: delivers what waits, hides what must wait on, parks the rest."""
