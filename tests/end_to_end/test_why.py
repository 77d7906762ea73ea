"""`why` and `tail` on the running bridge: each way that an event can take, told to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from tests.end_to_end.conftest import drain
from tests.template.stack import ROOT
from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("fresh")

NOTHING = "not-sent-by-anybody"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let --sandbox find this sandbox, whichever others run."""
    monkeypatch.setenv("SANDBOX_CONTROL", box.control_url)
    monkeypatch.delenv("SEGMENT_REHOOK_STACK", raising=False)


def run(*arguments: str) -> Result:
    """Run a command on the sandbox."""
    return CliRunner().invoke(app, [*arguments, "--sandbox"])


def why(*arguments: str) -> dict[str, Any]:
    """Ask, and give the history."""
    result = run("why", *arguments, "--json")
    assert result.exit_code in {0, 1}, result.output
    [line] = result.stdout.splitlines()
    history: dict[str, Any] = json.loads(line)
    assert history["complete"] is True, history["notes"]
    return history


def standings(history: dict[str, Any]) -> list[str]:
    """Give where each delivery of a history stands."""
    return [each["standing"] for each in history["deliveries"]]


def fail(box: Sandbox, user: str, status: int, body: str = "") -> None:
    """Have Rehook answer a user's calls with an error, until the faults are cleared."""
    box.rehook.fault(
        Fault(kind=Kind.ANSWER, status=status, body=body, times=None, match={"customer": user})
    )


def test_a_delivered_event(box: Sandbox, track: Track) -> None:
    """The sentence has the time and Rehook's request id, and the steps come from log and ledger."""
    event = track()
    sent = box.segment.send(event).body["events"][0]["deliveries"][0]
    history = why(event["messageId"])
    assert standings(history) == ["delivered"]
    assert f"Rehook's request id is {sent['requestId']}." in history["sentence"]
    assert [each["source"] for each in history["steps"]] == ["log", "ledger"]
    [step, _] = history["steps"]
    assert step["mapping"]
    assert step["requestId"]
    assert step["milliseconds"] >= 0
    shown = run("why", event["messageId"])
    assert shown.stdout.splitlines()[-1] == history["sentence"]
    assert "the query read" in shown.stderr


def test_a_rejected_event_is_parked_and_sent_back(box: Sandbox, track: Track, user: str) -> None:
    """Parked, seen in the parking lot, sent back, delivered by redrive: each is told as it is."""
    fail(box, user, 400, '{"code": 400, "message": "no such thing"}')
    event = track()
    assert box.segment.send(event).body["parked"] == 1
    parked = why(event["messageId"])
    assert standings(parked) == ["parked"]
    assert "Rehook refused it (400); it is in the parking lot until" in parked["sentence"]
    assert "unless somebody" in parked["sentence"]
    seen = why(event["messageId"], "--look-in-queues")
    assert "unless somebody" not in seen["sentence"]
    assert [each["what"] for each in seen["steps"] if each["source"] == "queue"] == [
        "in the parking lot: Rehook refused it (400 no such thing)"
    ]
    box.rehook.clear()
    assert run("failures", "redrive", "--yes").exit_code == 0
    drain(box)
    delivered = why(event["messageId"])
    assert standings(delivered) == ["delivered"]
    assert ", at try " in delivered["sentence"]
    box.queue("ParkingLot").empty()


def test_a_parked_event_that_was_deleted_is_gone(box: Sandbox, track: Track, user: str) -> None:
    """The ledger still says parked; a look into the queue finds that it is not there."""
    fail(box, user, 400)
    event = track()
    assert box.segment.send(event).body["parked"] == 1
    box.queue("ParkingLot").empty()
    assert standings(why(event["messageId"])) == ["parked"]
    gone = why(event["messageId"], "--look-in-queues")
    assert standings(gone) == ["gone"]


def test_events_that_wait_and_their_user(box: Sandbox, track: Track, user: str) -> None:
    """The first one waits for Rehook, the second one behind it; the user's mark is told."""
    box.pollers["RedriveFunction"].pause()
    try:
        fail(box, user, 503)
        first, second = track(), track()
        assert box.segment.send(first).body["stored"] == 1
        assert box.segment.send(second).body["stored"] == 1
        assert "waits since" in why(first["messageId"])["sentence"]
        assert "Rehook was out of order" in why(first["messageId"])["sentence"]
        behind = why(second["messageId"])
        assert "an earlier event of the same user goes first" in behind["sentence"]
        history = why("--user", user)
        assert standings(history) == ["waiting", "waiting"]
        assert "2 waiting; the last one (event" in history["sentence"]
        assert "new events of the user go through the queue" in history["sentence"]
        assert user not in json.dumps(history)
        assert standings(why("--user", user, "--last", "1")) == ["waiting"]
    finally:
        box.rehook.clear()
        box.pollers["RedriveFunction"].resume()
    drain(box)
    after = why("--user", user)
    assert standings(after) == ["delivered", "delivered"]
    assert "go through the queue" not in after["sentence"]


def test_events_that_are_not_sent(box: Sandbox, track: Track) -> None:
    """What a rule drops, and what no subscription takes, is told with its reason."""
    dropped = track(integrations={"Rehook": False})
    ignored = track(type="page")
    box.segment.send_batch([dropped, ignored])
    assert "excludes Rehook (integrations)" in why(dropped["messageId"])["sentence"]
    history = why(ignored["messageId"])
    assert standings(history) == ["ignored"]
    assert "no subscription takes it (" in history["sentence"]


def test_an_id_that_nobody_sent(box: Sandbox) -> None:
    """No trace is exit code 1; log and ledger were both asked."""
    result = run("why", NOTHING)
    assert result.exit_code == 1
    said = result.stdout.splitlines()[-1]
    assert "has left no trace since" in said
    assert "neither has the ledger, which keeps a delivery for 45 days" in said, result.stderr
    assert "the log is kept for 30 days" in said
    assert box.aws.operations("operator")["lambda:GetFunctionConfiguration"] >= 1


def test_what_the_log_has_no_longer_is_asked_of_the_ledger(box: Sandbox, track: Track) -> None:
    """With a window before the event, the deployed subscriptions name its deliveries."""
    event = track()
    box.segment.send(event)
    history = why(event["messageId"], "--since", "2h", "--until", "1h")
    assert [each["source"] for each in history["steps"]] == ["ledger"]
    assert standings(history) == ["delivered"]
    assert "at about" in history["sentence"]


HOSTILE = (
    'quote" or message = "outcome',
    "back\\slash\\",
    "single'quote | limit 1",
    "line\nbreak\r",
    "日本語 émoji 🎁",
    '"""',
    "x" * 100,
    "y" * 101,
    "k:1001",
    "tab\tand\u202eturn",
)


def test_hostile_ids_are_found(box: Sandbox, track: Track) -> None:
    """Each id finds its own event and no other one."""
    for name in HOSTILE:
        assert box.segment.send(track(messageId=name)).body["delivered"] == 1
    for name in HOSTILE:
        history = why(name)
        assert standings(history) == ["delivered"], name
        assert len(history["steps"]) == 2, name


def test_an_event_is_explained_from_a_file_and_from_a_queue(
    box: Sandbox, track: Track, user: str, tmp_path: Path
) -> None:
    """The deployed mapping's part is told field by field, for the event that was asked about."""
    fail(box, user, 400)
    event = track()
    assert box.segment.send(event).body["parked"] == 1
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    of_file = why("--event", str(file))
    assert of_file["asked"] == event["messageId"]
    matched = {each["subscription"]: each["matched"] for each in of_file["explanations"]}
    assert matched == {"identify-user": False, "track-event": True}
    of_queue = why(event["messageId"], "--look-in-queues", "--explain")
    assert of_queue["explanations"] == of_file["explanations"]
    assert why(event["messageId"])["explanations"] == []
    shown = run("why", "--event", str(file)).stdout
    assert "track-event\tmatched\t" in shown
    box.queue("ParkingLot").empty()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give one of these"),
        (["m1", "--user", "u"], "give one of these"),
        ([""], "it is empty"),
        (["--user", ""], "it is empty"),
        (["m1", "--explain"], "--explain needs the event"),
        (["m1", "--since", "yesterday"], "give a duration"),
    ],
)
def test_a_wrong_command_line_is_usage(arguments: list[str], says: str) -> None:
    """The exit code is 2, and the line says what to give."""
    result = run("why", *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


@pytest.fixture
def with_orders(box: Sandbox, tmp_path: Path) -> Iterator[None]:
    """A mapping whose track events have a business key, until the end of the test."""
    destination = json.loads((ROOT / "layers/destination/destination.json").read_text())
    destination["subscriptions"][1]["idempotencyKey"] = {"@path": "$.properties.order"}
    file = tmp_path / "destination.json"
    file.write_text(json.dumps(destination))
    box.reload(file)
    yield
    box.reload(ROOT / "layers/destination/destination.json")


@pytest.mark.usefixtures("with_orders")
def test_an_order(box: Sandbox, track: Track) -> None:
    """All events of one business key are told; the second is a repetition of the first."""
    events = [track(properties={"order": "A-1001"}) for _ in range(2)]
    assert box.segment.send(events[0]).body["delivered"] == 1
    assert box.segment.send(events[1]).body["duplicate"] == 1
    history = why("--order", "A-1001")
    assert standings(history) == ["delivered"]
    assert [each["messageId"] for each in history["steps"] if each["source"] == "log"] == [
        each["messageId"] for each in events
    ]
    assert "The order A-1001 was delivered to Rehook at" in history["sentence"]
    repetition = why(events[1]["messageId"])
    assert "as a repetition: an event with the same order's key was" in repetition["sentence"]


def test_without_the_key_a_user_can_not_be_asked_for(box: Sandbox, user: str) -> None:
    """The command that puts the key is named, and the user's id is not."""
    path = box.secret_path("logs/user-key")
    key = box.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
    box.ssm.delete_parameter(Name=path)
    try:
        result = run("why", "--user", user)
    finally:
        box.ssm.put_parameter(Name=path, Value=key, Type="SecureString", Overwrite=True)
    assert result.exit_code == 1
    assert "`segment-rehook secrets put logs/user-key --sandbox`" in result.stderr
    assert user not in result.output


@pytest.mark.parametrize(
    ("service", "code"),
    [("logs", "AccessDeniedException"), ("dynamodb", "AccessDeniedException")],
)
def test_aws_refuses(box: Sandbox, track: Track, service: str, code: str) -> None:
    """A call that is refused is one line and exit code 3."""
    event = track()
    box.segment.send(event)
    refusal = json.dumps({"__type": code, "message": "not allowed"})
    box.aws.fault(
        Fault(
            kind=Kind.ANSWER,
            status=400,
            body=refusal,
            times=None,
            match={"service": service, "caller": "operator"},
        )
    )
    result = run("why", event["messageId"])
    assert result.exit_code == 3
    assert f"{code}: not allowed" in result.stderr.splitlines()[-1]


def test_slow_aws_is_waited_for(box: Sandbox, track: Track) -> None:
    """An answer that is late is still an answer."""
    event = track()
    box.segment.send(event)
    box.aws.fault(
        Fault(kind=Kind.DELAY, seconds=1.5, times=1, match={"operation": "GetQueryResults"})
    )
    assert standings(why(event["messageId"])) == ["delivered"]


def process(*arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """Start a command on the sandbox in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "segment_rehook_cli", *arguments, "--sandbox"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **streams,
    )


def test_ctrl_c_stops_the_query(box: Sandbox) -> None:
    """SIGINT while the query runs: StopQuery is called, one line is printed, no traceback."""
    box.aws.fault(Fault(kind=Kind.HOLD, times=1, match={"operation": "GetQueryResults"}))
    stopped = box.aws.operations("operator").get("logs:StopQuery", 0)
    with process("why", NOTHING) as asking:
        try:
            box.wait_until(lambda: bool(box.aws.held()), 30, every=0.1)
            asking.send_signal(signal.SIGINT)
            _, said = asking.communicate(timeout=30)
        finally:
            asking.kill()
    assert asking.returncode == 130
    assert said.splitlines()[-1] == "segment-rehook: interrupted: there is no answer"
    assert "Traceback" not in said
    assert box.aws.operations("operator")["logs:StopQuery"] == stopped + 1


def test_tail_shows_deliveries_once_and_in_order(box: Sandbox, track: Track) -> None:
    """Lines of the chosen events, as JSON, none twice; it ends by itself and counts."""
    events = [track() for _ in range(3)]
    for each in events:
        box.segment.send(each)
    result = run("tail", "--since", "5m", "--for", "3s", "--json", "--outcome", "delivered")
    assert result.exit_code == 0
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    ids = [each.get("messageId") for each in shown]  # other events may have none
    wanted = [each["messageId"] for each in events]
    assert [each for each in ids if each in wanted] == wanted
    assert {each["outcome"] for each in shown} == {"delivered"}
    assert [each["at"] for each in shown] == sorted(each["at"] for each in shown)
    assert f"segment-rehook: {len(shown)} lines: {len(shown)} delivered" in result.stderr
    only = run("tail", "--since", "5m", "--for", "1s", "--message-id", wanted[1])
    [line] = only.stdout.splitlines()
    assert wanted[1] in line


def test_tail_follows_until_ctrl_c(box: Sandbox, track: Track, user: str) -> None:
    """A delivery appears while it runs; Ctrl-C is its usual end, with exit code 0."""
    with process("tail", "--user", user, stdout=subprocess.PIPE) as following:
        try:
            event = track()
            box.segment.send(event)
            assert following.stdout is not None
            assert event["messageId"] in following.stdout.readline()
            following.send_signal(signal.SIGINT)
            _, said = following.communicate(timeout=30)
        finally:
            following.kill()
    assert following.returncode == 0
    assert said.splitlines()[-1] == "segment-rehook: 1 line: 1 delivered"


def test_tail_survives_throttling_and_ends_on_expired_credentials(box: Sandbox) -> None:
    """Throttling is said once and waited out; an expired session is one line and exit code 3."""
    match = {"operation": "FilterLogEvents"}
    throttled = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})
    box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=throttled, times=3, match=match))
    survived = run("tail", "--for", "1s")
    assert survived.exit_code == 0
    assert survived.stderr.count("ThrottlingException") == 1
    expired = json.dumps({"__type": "ExpiredTokenException", "message": "expired"})
    box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=expired, times=None, match=match))
    ended = run("tail", "--for", "9s")
    assert ended.exit_code == 3
    assert "the AWS session has expired" in ended.stderr
