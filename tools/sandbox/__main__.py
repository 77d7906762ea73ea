"""The commands ``python -m tools.sandbox up``, ``reload`` and ``send``."""

from __future__ import annotations

import typer

from tools.sandbox.running import reload, send
from tools.sandbox.up import up

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.command(
    epilog="Examples: python -m tools.sandbox up · "
    "python -m tools.sandbox up --port 0 --destination presets/ecommerce.json --json"
)(up)
app.command(
    epilog="Examples: python -m tools.sandbox reload · "
    "python -m tools.sandbox reload --control http://127.0.0.1:41851 --destination mine.json"
)(reload)
app.command(
    epilog="Examples: python -m tools.sandbox send events/track-order-completed.json · "
    "python -m tools.sandbox send --batch mine.ndjson · SHARED_SECRET=… python -m tools.sandbox "
    "send --webhook https://….execute-api.eu-west-1.amazonaws.com/segment mine.json"
)(send)


@app.callback()
def sandbox() -> None:
    """Run the bridge on this machine, without Docker and without an AWS account."""


if __name__ == "__main__":
    app(prog_name="python -m tools.sandbox")
