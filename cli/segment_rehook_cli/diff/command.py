"""`segment-rehook diff`: what a changed destination file changes, over a corpus of events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segment_rehook.rehook.destination import Destination, version_of
from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.diff.as_json import Source, counts_as_json, example_as_json
from segment_rehook_cli.diff.comparison import Comparison
from segment_rehook_cli.diff.corpus import add_failures, add_files
from segment_rehook_cli.diff.differences import Differences
from segment_rehook_cli.diff.markdown import as_markdown
from segment_rehook_cli.diff.table import show_differences
from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE
from segment_rehook_cli.mapping.destination_loading import (
    destination_of,
    own_file,
    read_destination,
)
from segment_rehook_cli.mapping.reading import STANDARD_INPUT, name_of
from segment_rehook_cli.stack.deployed import read_deployed
from segment_rehook_cli.stack.on_stack import StackChoice, if_on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson

__all__ = ["diff"]


@if_on_stack
def diff(  # noqa: PLR0913 — an option each
    stack: StackChoice,
    more: Annotated[
        list[Path] | None, typer.Argument(help="More files of events.", metavar="[FILE]...")
    ] = None,
    *,
    destination: Annotated[
        Path | None,
        typer.Option(
            help="The candidate: the destination file that may be deployed. By default the stack's "
            f"own file in this checkout; without a stack {DEFAULT_FILE}."
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            help="Compare with this destination file, not with the one that a stack runs."
        ),
    ] = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of events, in any form that `preview` takes; - for standard input. May be "
            "given several times. A file with one event a line may have any size.",
            metavar="FILE",
        ),
    ] = None,
    from_failures: Annotated[
        bool,
        typer.Option(
            "--failures",
            help="The events of the stack's parked and waiting messages. It reads the queues as "
            "`failures list` does.",
        ),
    ] = False,
    examples: Annotated[
        int,
        typer.Option(
            min=0,
            help="Show so many events for each subscription and each effect. Those of --events "
            "are shown with their values, which are personal data. 0 shows counts, and nothing "
            "that comes from an event.",
        ),
    ] = 3,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values",
            help="Show the values of --failures too: personal data. Without it, an example has the "
            "messageId and the names of the fields.",
        ),
    ] = False,
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request's comment.")
    ] = False,
) -> None:
    """Show what a changed destination file changes for events: deployed against candidate.

    Counts first, for each subscription: events that are unchanged, changed, newly sent, no longer
    sent, or dropped for another reason; then in how many events a field differs; then examples.
    Nothing is sent. The exit code is 1 if any event changes, 0 if none does.

    Each event is taken alone, and its age is that at its receivedAt.
    """
    files = [*(events or ()), *(more or ())]
    _check(files, from_failures=from_failures, given=[destination, base, *files])
    if as_json and markdown:
        raise failure("--json and --markdown exclude each other", USAGE)
    found_stack = stack.look_up() if stack.given and (base is None or from_failures) else None
    candidate_file = destination or own_file(found_stack)
    before, base_source = _of_file(base) if base else _of_stack(found_stack)
    after, text = read_destination(candidate_file)
    candidate = Source(name_of(candidate_file), version_of(text))
    comparison = Comparison(before, after, examples)
    if from_failures:
        ending = add_failures(comparison, found_stack or stack.look_up())
    else:
        ending = add_files(comparison, files)
    found = comparison.result()
    values = show_values if from_failures else examples > 0
    if as_json:
        typer.echo(encode(counts_as_json(found, base_source, candidate, values=values)))
        for example in found.examples:
            typer.echo(encode(example_as_json(example, values=values)))
    elif markdown:
        typer.echo(as_markdown(found, base_source, candidate, values=values))
    else:
        show_differences(found, values=values)
    _say_summary(found, base_source, candidate, interrupted=ending.interrupted)
    if code := ending.exit_code or (FINDINGS if found.changed else 0):
        raise typer.Exit(code)


def _check(files: list[Path], *, from_failures: bool, given: list[Path | None]) -> None:
    """End the command with the exit code USAGE if the events are not named, or named twice."""
    if from_failures and files:
        raise failure("--failures and --events exclude each other", USAGE)
    if not from_failures and not files:
        raise failure(
            "give the events to compare over: --events FILE (- for standard input), or --failures "
            "for what is parked and what waits in a stack",
            USAGE,
        )
    if given.count(STANDARD_INPUT) > 1:
        raise failure("standard input can be read once: give - for one file only", USAGE)


def _of_file(file: Path) -> tuple[Destination, Source]:
    destination, text = read_destination(file)
    return destination, Source(name_of(file), version_of(text))


def _of_stack(stack: Stack | None) -> tuple[Destination, Source]:
    if stack is None:
        raise failure(
            "name what to compare with: --stack NAME or --sandbox for what a stack runs, or "
            "--base FILE",
            USAGE,
        )
    deployed = read_deployed(stack)
    name = f"the stack {stack.name}"
    return destination_of(deployed.content, name), Source(name, deployed.version)


def _say_summary(found: Differences, base: Source, candidate: Source, *, interrupted: bool) -> None:
    compared = f"{base.name} ({base.version}) with {candidate.name} ({candidate.version})"
    said = "interrupted; " if interrupted else ""
    unreadable = (
        f", {counted(found.unreadable, 'is no event', 'are no events')}" if found.unreadable else ""
    )
    say(
        f"{said}compared {compared}: of {counted(found.events, 'event')} "
        f"{counted(found.changed, 'changes', 'change')}, "
        f"{counted(found.unchanged, 'does', 'do')} not{unreadable}"
    )
    if not found.changed and base.version != candidate.version:
        say("the files differ, but none of these events shows it")
