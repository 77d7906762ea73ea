"""The commands on a stack's secrets, which are where the functions read them: in SSM."""

from __future__ import annotations

import typer

from segment_rehook_cli.secrets.parameter_store import make_user_key, put_secret, secret_path
from segment_rehook_cli.secrets.put_command import put
from segment_rehook_cli.secrets.rotate_command import rotate
from segment_rehook_cli.secrets.status_command import status

__all__ = ["commands", "make_user_key", "put_secret", "secret_path"]

commands = typer.Typer(help="The secrets of a stack: put, check, change.", no_args_is_help=True)
commands.command(
    epilog="Examples: segment-rehook secrets put --stack prod · "
    "segment-rehook secrets put --stack prod segment/shared-secrets < secrets.txt"
)(put)
commands.command(
    epilog="Examples: segment-rehook secrets status --stack prod · "
    "segment-rehook secrets status --stack prod --json"
)(status)
commands.command(
    epilog="Examples: segment-rehook secrets rotate --stack prod · "
    "segment-rehook secrets rotate --stack prod --wait 2h · "
    "segment-rehook secrets rotate --stack prod segment/tokens"
)(rotate)
