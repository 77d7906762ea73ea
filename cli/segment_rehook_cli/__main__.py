"""`python -m segment_rehook_cli` runs the command `segment-rehook`."""

from segment_rehook_cli.main import run

run()
