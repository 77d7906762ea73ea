"""Segment's events delivered to Rehook, none lost and none twice.

Import the layers by name (`segment_rehook.segment`, `.mapping`, `.rehook`, `.delivery`, `.aws`);
importing this package touches nothing.
"""

__version__ = "0.1.0"
