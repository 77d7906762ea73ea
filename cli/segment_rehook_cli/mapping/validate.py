"""The command `validate`: every mistake of destination files, and advice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from segment_rehook.mapping.schema_check import Misshape
from segment_rehook.segment.jsontext import JSON, encode
from segment_rehook_cli.mapping.advice import review
from segment_rehook_cli.mapping.destination_loading import print_mistakes
from segment_rehook_cli.mapping.reading import Unreadable, name_of, read_bytes
from segment_rehook_cli.stack import stages
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import say

__all__ = ["validate"]


def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="The destination files to check; - for standard input. By default, every file of "
            f"{stages.FOLDER}."
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON for each file.")
    ] = False,
) -> None:
    """Check destination files and print every mistake. Exit code 1 if there is one.

    Advice is printed too: what is no mistake, but probably not what was meant.
    """
    given = files or stages.files()
    if not given:
        say(f"{stages.FOLDER} has no destination file here; give the file to check")
        raise typer.Exit(USAGE)
    exit_codes = [_check(file, as_json=as_json) for file in given]
    if max(exit_codes):
        raise typer.Exit(max(exit_codes))


def _check(file: Path, *, as_json: bool) -> int:
    """Check one file. Returns the exit code: 0, 1 with mistakes, 2 if it can't be read."""
    try:
        text = read_bytes(file)
    except Unreadable as error:
        say(f"{name_of(file)}: {error}")
        return USAGE
    found = review(text)
    if as_json:
        verdict: JSON = {
            "file": name_of(file),
            "valid": not found.mistakes,
            "subscriptions": [*found.ids],
            "mistakes": _as_json(found.mistakes),
            "advice": _as_json(found.advice),
        }
        typer.echo(encode(verdict))
    else:
        print_mistakes(found.mistakes, file)
        print_mistakes(found.advice, file, kind="advice: ")
        if not found.mistakes:
            listed = ", ".join(found.ids) or "none"
            typer.echo(f"{name_of(file)}: no mistakes; subscriptions: {listed}")
    return FINDINGS if found.mistakes else 0


def _as_json(mistakes: Sequence[Misshape]) -> JSON:
    return [{"place": each.place, "message": each.message} for each in mistakes]
