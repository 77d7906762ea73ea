"""`python -m tools.verify_aws --stack NAME`: runs all checks, in the AWS account that is signed in.

Needs the permissions of policies/operator.json, and to read the template and the roles, to simulate
policies, to invoke the functions, to run the saved queries, and to create and delete a queue and a
dashboard. Sends one event that no subscription asks for; nothing is delivered to Rehook. Takes some
five minutes.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from segment_rehook_cli.stack.stack import Location, look_up
from tools.verify_aws.stack_checks import stack_checks

console = Console()


def main(
    stack: Annotated[str, typer.Option(help="Name of the deployed stack.")],
    region: Annotated[str | None, typer.Option(help="Default: the configured region.")] = None,
) -> None:
    """Print each check. The exit code is 1 if one does not hold or is skipped, or AWS refuses."""
    failed = 0
    try:
        looked_up = look_up(stack, Location(region=region))
        for check in stack_checks(looked_up, SystemClock()):
            mark, style = ("✓", "green") if check.holds else ("✗", "bold red")
            if check.skipped:
                mark, style = "– skipped:", "yellow"
            seen = f" ({check.seen})" if check.seen and not check.holds else ""
            console.print(f"{mark} {check.text}{seen}", style=style, markup=False, highlight=False)
            failed += not check.holds
    except aws_error_classes() as error:
        typer.echo(f"verify-aws: AWS refused, so the other checks were not made: {error}", err=True)
        failed += 1
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    typer.run(main)
