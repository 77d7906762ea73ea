"""The command `import`: a destination file from a destination at Segment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segment_rehook.rehook.destination import DestinationInvalid, load
from segment_rehook.segment.jsontext import JSON, decode
from segment_rehook.segment.unreadable import UTF8_MARK
from segment_rehook_cli.hosted.segment_options import API_URL, ApiUrl, DestinationId, asking_segment
from segment_rehook_cli.mapping.advice import review
from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE, file_text, replace_file
from segment_rehook_cli.mapping.reading import STANDARD_INPUT, Unreadable, name_of, read_bytes
from segment_rehook_cli.terminal.confirm import Yes, confirmed
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say

if TYPE_CHECKING:
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook_cli.hosted.importing import Imported
    from segment_rehook_cli.hosted.segment_api import HostedDestination

__all__ = ["import_destination", "read_own"]


def import_destination(
    destination_id: DestinationId,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file to write. By default the result goes to standard output, which is also "
            "-."
        ),
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            help="The file whose settings, ids and idempotency keys are kept. By default the file "
            f"of --out; without --out, {DEFAULT_FILE} if it exists."
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep subscriptions that Segment does not have.")
    ] = False,
    api_url: ApiUrl = API_URL,
    yes: Yes = False,
) -> None:
    """Make a destination file from the subscriptions of a destination at Segment.

    The token for Segment's Public API is in SEGMENT_PUBLIC_API_TOKEN. An existing file is replaced
    only if you confirm it. Exit code 1 if a subscription is left out or the result has mistakes.
    """
    from segment_rehook_cli.hosted.importing import import_subscriptions  # noqa: PLC0415 — brings urllib

    out = None if out == STANDARD_INPUT else out
    file = base or out or DEFAULT_FILE
    with asking_segment(api_url) as segment:
        kept = read_own(file) if base is not None or file.exists() else None
        destination = segment.destination(destination_id)
        hosted = segment.subscriptions(destination_id)
    if kept is not None:
        say(f"settings, ids and idempotency keys are kept from {file}")
    imported = import_subscriptions(hosted, *(kept or ({}, ())), keep=keep)
    _report(destination, imported)
    text = file_text(imported.content)
    found = review(text)
    for kind, listed in (("", found.mistakes), ("advice: ", found.advice)):
        for each in listed:
            say(f"{kind}{each.place} {each.message}")
    if out is None:
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
    elif found.mistakes:
        raise failure(
            f"{out} was not written, because the result has mistakes: correct the subscription at "
            "Segment, or correct the result that the command prints without --out"
        )
    else:
        _write(out, text, yes=yes)
    if found.mistakes or imported.left_out:
        raise typer.Exit(FINDINGS)


def read_own(file: Path) -> tuple[dict[str, JSON], tuple[Subscription, ...]]:
    """Read a destination file. Ends the command with exit code USAGE if it can't be read."""
    try:
        text = read_bytes(file)
        subscriptions = load(text).subscriptions
    except Unreadable as error:
        advice = "; give the file" if file == DEFAULT_FILE else ""
        raise failure(f"{name_of(file)}: {error}{advice}", USAGE) from None
    except DestinationInvalid as invalid:
        for mistake in invalid.mistakes:
            place = f"{mistake.place} " if mistake.place else ""
            say(f"{name_of(file)}: {place}{mistake.message}")
        raise typer.Exit(USAGE) from None
    content = decode(text.removeprefix(UTF8_MARK))
    return (content if isinstance(content, dict) else {}), subscriptions


def _report(destination: HostedDestination, imported: Imported) -> None:
    """Say what was read and what became of it: counts first, then each subscription."""
    kind = f" ({destination.kind})" if destination.kind else ""
    disabled = "" if destination.enabled else ", which is disabled at Segment"
    say(f"destination {destination.name}{kind}{disabled}")
    if destination.kind and "rehook" not in destination.kind:
        say(f"this is no Rehook destination but {destination.kind}: check --destination-id")
    say(
        f"{len(imported.same)} unchanged, {len(imported.changed)} changed, "
        f"{len(imported.added)} new, {len(imported.removed)} removed, {len(imported.left_out)} "
        "left out"
    )
    for title, ids in (
        ("changed", imported.changed),
        ("new", imported.added),
        ("removed, because Segment does not have it (--keep keeps it)", imported.removed),
        ("kept, though Segment does not have it", imported.kept),
        ("disabled, as at Segment", imported.disabled),
    ):
        for identity in ids:
            say(f"{identity}: {title}")
    for each in imported.left_out:
        say(f"{each.name}: left out: {each.why}")
    for identity, names in imported.unknown_fields.items():
        say(f"{identity}: without settings that the action does not have: {', '.join(names)}")
    if destination.settings:
        say(
            f"the destination's own settings ({', '.join(destination.settings)}) are not in the "
            "file; `segment-rehook secrets put` stores Rehook's credentials"
        )


def _write(out: Path, text: bytes, *, yes: bool) -> None:
    try:
        if out.exists():
            if out.read_bytes() == text:
                say(f"{out} is as it should be; nothing was written")
                return
            if not confirmed(f"Replace {out}?", yes=yes):
                raise failure(f"{out} was not changed")
        replace_file(out, text)
    except OSError as error:
        raise failure(f"{out}: {error.strerror}", USAGE) from None
    say(f"wrote {out}")
