"""What the functions log and count, of all ways that an event can take."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from segment_rehook.delivery import ids
from segment_rehook.rehook.destination import load
from tests.end_to_end.conftest import drain
from tests.template.stack import ROOT
from tools.sandbox import Fault, Kind
from tools.sandbox.segment import encode, sign
from tools.sandbox.services import API_KEY, API_SECRET, USER_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("fresh")

OUTCOMES = ("Delivered", "Duplicate", "Dropped", "Stored", "Parked", "Ignored", "Failed")
DESTINATION = (ROOT / "layers" / "destination" / "destination.json").read_bytes()


def counted(box: Sandbox, function: str, since: int) -> Counter[str]:
    """The sums of the metrics that a function has written. A dimension is part of the name."""
    sums: Counter[str] = Counter()
    for entry in box.log.entries(function, since):
        for directive in entry.get("_aws", {}).get("CloudWatchMetrics", ()):
            [dimensions] = directive["Dimensions"]
            named = [f"{name}={entry[name]}" for name in dimensions if name != "service"]
            for metric in directive["Metrics"]:
                sums[" ".join([metric["Name"], *named])] += sum(entry[metric["Name"]])
    return sums


def lines_of(box: Sandbox, event: dict[str, Any], since: int) -> list[dict[str, Any]]:
    """The lines about an event's deliveries, in order."""
    return [
        entry
        for entry in box.log.entries(since=since)
        if entry.get("message") == "outcome" and entry.get("message_id") == event["messageId"]
    ]


def test_one_request_id_goes_from_the_gateway_to_the_last_try(
    box: Sandbox, track: Track, user: str
) -> None:
    """Lines of ingest and redrive name API Gateway's request, the mapping and the keyed user."""
    since = len(box.log)
    event = track()
    box.rehook.fault(Fault(kind=Kind.ANSWER, status=429))
    assert box.segment.send(event).body["stored"] == 1
    box.rehook.clear()
    drain(box)
    box.wait_until(lambda: lines_of(box, event, since)[-1]["outcome"] == "delivered", 10)
    stored, *_, delivered = lines_of(box, event, since)

    same = ("request_id", "delivery", "subscription", "action", "mapping", "user")
    assert [stored[name] for name in same] == [delivered[name] for name in same]
    assert stored["request_id"]
    assert stored["mapping"] == load(DESTINATION).version
    assert stored["user"] == ids.logged_user(ids.user_hash(user), USER_KEY.encode())
    assert (stored["service"], stored["reason"], stored["tries"]) == ("ingest", "throttled", 1)
    assert delivered["service"] == "redrive"
    assert delivered["tries"] == delivered["receive_count"]
    assert {
        "rehook_request_id",
        "milliseconds",
        "age_seconds",
        "sqs_message_id",
    } <= delivered.keys()
    metrics = counted(box, "RedriveFunction", since)
    assert metrics["DeadLettersDelivered"] == 1
    assert "RehookMilliseconds" in metrics
    assert "DeadLetterAge" in metrics


def test_a_killed_invocation_is_the_difference(box: Sandbox, track: Track, user: str) -> None:
    """What a killed invocation had received has no outcome; after Segment's retry each event has.

    The difference of received and ended events stays, and is what the kill left.
    """
    since = len(box.log)
    events = [track(userId=f"{user}-{number}") for number in range(4)]
    box.rehook.fault(Fault(kind=Kind.HOLD, acted=False, match={"customer": f"{user}-2"}))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(box.segment.send_batch, events)
        box.wait_until(box.rehook.held)
        box.kill("IngestFunction", busy_only=True)
        assert answer.result(10).status == 500
    box.rehook.clear()

    def difference() -> int:
        sums = counted(box, "IngestFunction", since)
        return sums["EventsReceived"] - sum(sums[f"Events{outcome}"] for outcome in OUTCOMES)

    assert difference() == 4
    assert [line for event in events for line in lines_of(box, event, since)] == []
    again = box.segment.send_batch(events)
    assert (again.status, again.body["received"]) == (200, 4)
    box.wait_until(lambda: counted(box, "IngestFunction", since)["EventsReceived"] == 8, 10)
    box.wait_until(lambda: difference() == 4, 10)
    for event in events:
        [line] = lines_of(box, event, since)
        assert line["outcome"] in {"delivered", "duplicate", "stored"}


def test_which_credential_matched_is_counted(box: Sandbox, track: Track) -> None:
    """A request counts for the secret that signed it, by its position and never by its value."""
    since = len(box.log)
    assert box.segment.send(track()).status == 200
    box.wait_until(lambda: counted(box, "IngestFunction", since)["EventsDelivered"] == 1, 10)

    assert counted(box, "IngestFunction", since)["AccessMatched credential=secret-1"] == 1


def test_a_failing_table_is_named_in_the_log(box: Sandbox, track: Track) -> None:
    """The log has AWS's error code of a failing table, once for each operation."""
    since = len(box.log)
    box.aws.call(
        "POST",
        "/faults",
        {"kind": "answer", "status": 500, "times": None, "match": {"service": "dynamodb"}},
    )
    assert box.segment.send(track()).body["stored"] == 1
    box.aws.clear()
    warnings = [
        (entry["operation"], entry["request_id"])
        for entry in box.log.entries("IngestFunction", since)
        if entry.get("message") == "DynamoDB failed"
    ]

    assert warnings
    assert len(warnings) == len(set(warnings))


def test_nothing_that_is_logged_names_a_person_or_a_secret(
    box: Sandbox, track: Track, user: str
) -> None:
    """No line of a delivery, a refusal, a crash or redrive holds personal data or a secret."""
    since = len(box.log)
    person = f"ann-{user}@example.com"
    personal = {"userId": person, "traits": {"email": person, "phone": "+49 151 23456789"}}
    for fault in (
        None,
        Fault(kind=Kind.ANSWER, status=503, times=2),
        Fault(kind=Kind.RESET, match={"customer": person}),
    ):
        if fault:
            box.rehook.fault(fault)
        box.segment.send(track(**personal, context={"ip": "203.0.113.77"}))
        box.rehook.clear()
        drain(box)
    said = json.dumps({"code": 400, "message": f"no customer {person}", "key": "source_id"})
    box.rehook.answer(400, said, event="order")
    box.segment.send(track(**personal))
    box.rehook.answer(400, said, event="order")
    box.segment.send({"type": "identify", "messageId": user, **personal})
    box.rehook.clear()
    body = encode(track(**personal))
    wrong = "the-wrong-shared-secret-9"
    box.segment.send_raw(body, {"x-signature": sign(wrong, body)})
    box.segment.send_raw(body, {"x-signature": wrong, "authorization": f"Bearer {wrong}"})
    box.segment.send_raw(body[:-9], {"x-signature": sign(box.shared_secret, body[:-9])})
    batch = encode([track(**personal), 5, personal, track(userId={"id": person}), {"x": person}])
    box.segment.send_raw(batch, {"x-signature": sign(box.shared_secret, batch)})
    box.rehook.fault(Fault(kind=Kind.HOLD, match={"customer": person}))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(box.segment.send, track(**personal))
        box.wait_until(box.rehook.held)
        box.kill("IngestFunction", busy_only=True)
        assert answer.result(10).status == 500
    box.rehook.clear()
    drain(box)

    text = "\n".join(line.text for line in box.log.lines(since=since))
    secrets = (API_KEY, API_SECRET, USER_KEY, box.shared_secret, wrong)
    plain = ids.user_hash(person)
    for hidden in (person, "ann-", "23456789", "203.0.113.77", plain, *secrets):
        assert hidden not in text
    assert re.search(r'"message":"request refused"', text)
    assert '"outcome":"parked"' in text
    assert '"service":"redrive"' in text
