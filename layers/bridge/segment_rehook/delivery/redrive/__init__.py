"""Redrive: delivers dead letters, hides those that must wait, and parks those it gives up."""
