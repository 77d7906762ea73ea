"""The command `drift`: where Segment's screen and the destination file differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook_cli.hosted.import_command import read_own
from segment_rehook_cli.hosted.segment_options import API_URL, ApiUrl, DestinationId, asking_segment
from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE
from segment_rehook_cli.terminal.exit_codes import FINDINGS
from segment_rehook_cli.terminal.output import AsJson, Entry, show_rows

if TYPE_CHECKING:
    from segment_rehook_cli.hosted.drift import Drift

__all__ = ["drift"]


def drift(
    destination_id: DestinationId,
    file: Annotated[Path, typer.Argument(help="The destination file to compare.")] = DEFAULT_FILE,
    *,
    api_url: ApiUrl = API_URL,
    as_json: AsJson = False,
) -> None:
    """Compare the subscriptions of a destination at Segment with a destination file.

    The token for Segment's Public API is in SEGMENT_PUBLIC_API_TOKEN. Exit code 1 if they differ.
    """
    from segment_rehook_cli.hosted.drift import compare  # noqa: PLC0415 — brings urllib

    with asking_segment(api_url) as segment:
        _, own = read_own(file)
        hosted = segment.subscriptions(destination_id)
    found = compare(hosted, own)
    if as_json:
        typer.echo(json.dumps({"counts": _counts(found)}))
    else:
        typer.echo(", ".join(f"{number} {name}" for name, number in _counts(found).items()))
    rows = list(_rows(found))
    if rows:
        show_rows(rows, _COLUMNS, as_json=as_json)
    if found:
        raise typer.Exit(FINDINGS)


def _counts(found: Drift) -> dict[str, int]:
    return {
        "same": found.same,
        "different": len(found.changed),
        "only at Segment": len(found.only_at_segment),
        "only in the file": len(found.only_in_file),
        "left out": len(found.left_out),
    }


def _rows(found: Drift) -> Iterator[Entry]:
    """Give one row for each difference, without a side that has no value there."""
    from segment_rehook_cli.hosted.drift import ABSENT  # noqa: PLC0415 — brings urllib

    for item, places in found.changed:
        for each in places:
            yield {
                "subscription": item.id,
                "difference": "different",
                "pointer": each.pointer,
                **({} if each.segment is ABSENT else {"segment": each.segment}),
                **({} if each.file is ABSENT else {"file": each.file}),
            }
    for hosted in found.only_at_segment:
        yield {"subscription": hosted.name or hosted.id, "difference": "only at Segment"}
    for item in found.only_in_file:
        yield {"subscription": item.id, "difference": "only in the file"}
    for left in found.left_out:
        yield {"subscription": left.name, "difference": "left out", "why": left.why}


def _value(row: Entry, name: str) -> str:
    return json.dumps(row[name], ensure_ascii=False) if name in row else ""


_COLUMNS: Final = {
    "subscription": lambda row: row["subscription"],
    "difference": lambda row: row["difference"] + (f": {row['why']}" if "why" in row else ""),
    "pointer": lambda row: row.get("pointer", ""),
    "at Segment": lambda row: _value(row, "segment"),
    "in the file": lambda row: _value(row, "file"),
}
