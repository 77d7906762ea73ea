"""`python -m segment_rehook_cli`: the command `segment-rehook` by its package's name."""

from segment_rehook_cli.main import run

run()
