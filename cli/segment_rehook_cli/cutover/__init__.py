"""The cut-over from Segment's hosted destination: `segment-rehook cutover` (docs/cut-over.md)."""
