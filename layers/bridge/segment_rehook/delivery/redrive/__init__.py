"""The dead-letter queue's side: deliver again, hide, or park."""
