"""A function starts with what was deployed, or not at all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from segment_rehook import wiring
from segment_rehook.rehook.destination import DestinationInvalid
from tests.template.stack import ROOT, environment
from tests.unit.function_process import CLIENT, NO_CLIENT, process_restored

BUILDERS = {"IngestFunction": wiring.ingest, "RedriveFunction": wiring.redrive}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """The environment that the template gives a function; gives the function's name.

    What the function changes in this process is taken back.
    """
    function = str(request.param)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name, value in environment(function).items():
        monkeypatch.setenv(name, value)
    with process_restored():
        yield function


@pytest.mark.parametrize("deployed", BUILDERS, indirect=True)
@pytest.mark.parametrize("kind", ["missing", "a folder"])
def test_a_function_without_its_destination_does_not_start(
    deployed: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function without its destination file does not start.

    Under Segment's defaults it would give rewards by rules that nobody chose. The error names the
    file, and what has to be deployed.
    """
    place = tmp_path / "destination.json"
    if kind == "a folder":
        place.mkdir()
    monkeypatch.setenv("DESTINATION_FILE", str(place))
    with pytest.raises(DestinationInvalid, match=r"layers/destination.*sam deploy") as raised:
        BUILDERS[deployed]()
    assert str(place) in str(raised.value)


@pytest.mark.parametrize("deployed", BUILDERS, indirect=True)
def test_a_function_with_its_destination_starts(
    deployed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function with its destination file starts."""
    place = tmp_path / "destination.json"
    place.write_text('{"subscriptions": []}')
    monkeypatch.setenv("DESTINATION_FILE", str(place))
    assert callable(BUILDERS[deployed]())


@pytest.mark.parametrize("deployed", BUILDERS, indirect=True)
def test_collections_do_not_look_at_what_is_loaded(
    deployed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a function has loaded is left out of its garbage collections."""
    file = ROOT / "layers" / "destination" / "destination.json"
    monkeypatch.setenv("DESTINATION_FILE", str(file))
    gc.unfreeze()
    BUILDERS[deployed]()
    assert gc.get_freeze_count() > 1_000


@pytest.mark.parametrize("deployed", BUILDERS, indirect=True)
def test_a_start_leaves_nothing_in_the_process_of_the_tests(
    deployed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the fixture's block no object is frozen, and the runtime client has its marshaller."""
    client = pytest.importorskip(CLIENT, reason=NO_CLIENT).LambdaRuntimeClient
    own = client.marshaller
    file = ROOT / "layers" / "destination" / "destination.json"
    monkeypatch.setenv("DESTINATION_FILE", str(file))
    with process_restored():
        BUILDERS[deployed]()
        assert client.marshaller is not own
    assert client.marshaller is own
    assert gc.get_freeze_count() == 0
