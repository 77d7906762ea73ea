"""What the deployed mapping makes of one event, which `why` has from a file or from a queue."""

from __future__ import annotations

from pathlib import Path

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook_cli.mapping.destination_loading import destination_of
from segment_rehook_cli.mapping.explain import Explanation, explain
from segment_rehook_cli.mapping.reading import Unreadable, name_of, read_bytes, read_events
from segment_rehook_cli.stack.deployed import read_deployed
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

__all__ = ["event_of_file", "explained"]


def event_of_file(file: Path) -> Event:
    """Read a file that has one event. Ends the command with the code USAGE if it has not."""
    try:
        events = list(read_events(read_bytes(file)))
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", USAGE) from None
    if len(events) != 1:
        raise failure(f"{name_of(file)}: it has {counted(len(events), 'event')}; give one", USAGE)
    [event] = events
    if isinstance(event, UnreadableEvent):
        raise failure(f"{name_of(file)}: {event.detail}", USAGE)
    return event


def explained(stack: Stack, event: Event | bytes) -> list[Explanation]:
    """Explain each subscription's part by the mapping that is deployed now.

    Ends the command with one line if the mapping can't be read. An event that can't be read has no
    explanation.
    """
    try:
        read = event if isinstance(event, Event) else Event.parse(event)
    except UnreadableEvent:
        return []
    deployed = read_deployed(stack)
    return explain(destination_of(deployed.content, deployed.layer), read)
