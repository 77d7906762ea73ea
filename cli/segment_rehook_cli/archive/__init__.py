"""Archives: files of events that Segment, or `failures export`, has written.

`replay` sends to a stack what it has not delivered; `reconcile` says what became of each event.
"""
