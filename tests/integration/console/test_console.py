"""The console over HTTP: what its pages show of real deliveries, and what its orders do."""

from __future__ import annotations

import html
import http.client
import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from segment_rehook.aws.items import breaker_item
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.segment.jsontext import decode_slowly
from tests.integration.console.running import event, send
from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from tests.integration.console.running import Reply, Running, Visitor

HOSTILE = {
    "markup": "<script>alert(1)</script><b onclick='x'>\"&amp;",
    "right-to-left": "abc\u202eexe.cod\u2066\u200f",
    "lone surrogate": "half \ud83d of an emoji",
    "controls": "bell\x07 nul\x00 del\x7f escape\x1b[31m",
    "template": "{{ 7 * 7 }}{% raw %}",
}


def shown(reply: Reply) -> str:
    """The text of a page, as a reader sees it."""
    assert reply.status == 200, reply.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", reply.text)).split())


def page_of(running: Running, visitor: Visitor, user: str, index: int = 0) -> Reply:
    """The page of one of a user's events; 0 for the newest."""
    found: list[str] = []

    def is_there() -> bool:
        found[:] = re.findall(r'href="(/events/\d+)"', visitor.open(f"/?user={user}").text)
        return len(found) > index

    running.box.wait_until(is_there)
    return visitor.open(found[index])


def test_a_delivered_event_is_told_whole(running: Running, visitor: Visitor) -> None:
    """The page has the sentence of `why`, the verdict, the fields, the call, and both answers."""
    assert send(visitor, event("whole"))["delivered"] == 1
    text = shown(page_of(running, visitor, "whole"))
    assert "was delivered to Rehook at" in text
    assert "Signature: valid under secret-1" in text
    assert "track-event: takes it" in text
    assert "identify-user: does not take it" in text
    assert '"$.userId"' in text
    assert "POST /events/invoke answered 200; it was carried out" in text
    assert "Request processed" in text
    assert '"delivered": 1' in text
    assert "the record says delivered" in text


def test_a_request_that_is_refused_has_a_row(running: Running, visitor: Visitor) -> None:
    """A wrong signature, and none, are shown as refused with the verdict."""
    for signing, code in (("wrong", "signature_wrong"), ("none", "signature_missing")):
        user = f"refused-{signing}"
        visitor.order("send", text=json.dumps(event(user)), signing=signing)
        text = shown(page_of(running, visitor, user))
        assert "refused HTTP 401" in text
        assert code in text


def test_what_waits_is_delivered_when_all_is_well(running: Running, visitor: Visitor) -> None:
    """Broken, stored, mended, tried now, delivered once; its row and its page follow."""
    assert visitor.order("turn", switch="down", on=True).status == 200
    assert "Broken on purpose: Rehook is down" in shown(visitor.open("/queues"))
    sent = event("waits")
    assert send(visitor, sent)["stored"] == 1
    assert "waits since" in shown(page_of(running, visitor, "waits"))
    assert "Waiting (the dead-letter queue): 1" in shown(visitor.open("/queues"))
    assert visitor.order("all-well").status == 200
    assert "Broken on purpose" not in shown(visitor.open("/queues"))

    def is_delivered() -> bool:
        visitor.order("try-now")
        return "/events/" in visitor.open("/?user=waits&outcome=delivered").text

    running.box.wait_until(is_delivered, timeout=40, every=0.3)
    assert running.box.rehook.rewards()["waits", "order"] == 1
    text = shown(page_of(running, visitor, "waits"))
    assert "was delivered to Rehook" in text
    assert send(visitor, sent)["duplicate"] == 1
    assert running.box.rehook.rewards()["waits", "order"] == 1


def test_parked_events_are_redriven_by_the_command(visitor: Visitor) -> None:
    """A rejected event is parked; redrive with a filter leaves others, and says what it did."""
    visitor.order("turn", switch="rejects", on=True)
    assert send(visitor, event("parked"))["parked"] == 1
    assert "Parked (the parking lot): 1" in shown(visitor.open("/queues"))
    visitor.order("all-well")
    left = visitor.order("redrive", user="somebody-else").json["said"]
    assert "sent back: 0, left: 1" in left
    assert "sent back: 1, left: 0" in visitor.order("redrive", user="parked").json["said"]


@pytest.mark.parametrize("switch", ["errors", "throttles", "resets-before", "garbage", "cut"])
def test_every_fault_of_rehook_loses_nothing(
    running: Running, visitor: Visitor, switch: str
) -> None:
    """Whatever Rehook does, Segment is answered 200, and the page of the event can be read."""
    visitor.order("turn", switch=switch, on=True)
    answer = send(visitor, event(switch))
    assert answer["received"] == 1
    assert answer["delivered"] == 0
    assert switch in shown(page_of(running, visitor, switch))


def test_each_event_of_a_user_has_its_own_call(running: Running, visitor: Visitor) -> None:
    """Of two that Rehook refuses one after the other, each page shows its own call alone."""
    visitor.order("turn", switch="rejects", on=True)
    for total in (7001, 7002):
        assert send(visitor, event("twice", properties={"total": total}))["parked"] == 1
    for index, other in enumerate(("7001", "7002")):
        text = page_of(running, visitor, "twice", index).text
        assert text.count("POST /events/invoke") == 1
        assert other not in text


def test_try_now_lets_the_breakers_pause_pass(running: Running, visitor: Visitor) -> None:
    """While the breaker is open an event is stored; tried now, it is delivered all the same."""
    record = BreakerRecord(nonce="a", open_until=time.time() + 1000, reason="unreachable")
    table = running.box.stack.tables["Ledger"].name
    running.box.dynamodb.put_item(TableName=table, Item=breaker_item(record))
    running.box.wait_until(lambda: send(visitor, event("paused"))["stored"] == 1)
    row = f'<a href="{re.findall(r"/events/[0-9]+", visitor.open("/?user=paused").text)[0]}">'
    assert row in visitor.open("/queues").text
    visitor.order("try-now")

    def is_delivered() -> bool:
        return "/events/" in visitor.open("/?user=paused&outcome=delivered").text

    running.box.wait_until(is_delivered, timeout=20)


@pytest.mark.parametrize("switch", ["dynamodb", "sqs", "ssm"])
def test_the_console_works_while_a_store_does_not(
    running: Running, visitor: Visitor, switch: str
) -> None:
    """A store fails the functions and not the console; events are delivered when it is well."""
    visitor.order("turn", switch=switch, on=True)
    visitor.order("send", text=json.dumps(event(f"store-{switch}")))
    for path in ("/", "/queues", "/mapping", "/break"):
        assert visitor.open(path).status == 200
    page_of(running, visitor, f"store-{switch}")
    visitor.order("all-well")
    again = event(f"well-{switch}")
    running.box.wait_until(lambda: send(visitor, again)["received"] == 1)
    running.box.wait_until(lambda: send(visitor, again)["duplicate"] == 1)


def test_a_stand_in_that_gives_no_answer_is_a_sentence(running: Running, visitor: Visitor) -> None:
    """A fault for every caller hits the console too: 503 in plain text, with its headers."""
    running.box.aws.fault(Fault(kind=Kind.ANSWER, times=None, match={"service": "cloudformation"}))
    reply = visitor.open("/mapping")
    assert reply.status == 503
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert "Content-Security-Policy" in reply.headers
    running.box.aws.clear()
    assert visitor.open("/mapping").status == 200


def test_functions_are_frozen_and_killed_and_work_again(running: Running, visitor: Visitor) -> None:
    """A frozen function answers when it is let go; a killed one has another process."""
    for name in running.box.functions:
        for switch in (f"freeze-{name}", f"poller-{name}"):
            if switch == "poller-IngestFunction":
                continue  # it has no queue
            assert visitor.order("turn", switch=switch, on=True).status == 200
            assert visitor.order("turn", switch=switch, on=False).status == 200
        assert visitor.order("kill", function=name).json["said"].startswith("killed processes: ")
    assert send(visitor, event("after-the-kill"))["delivered"] == 1
    assert visitor.order("kill", function="nothing").status == 400


def test_rewards_stand_beside_what_was_delivered(running: Running, visitor: Visitor) -> None:
    """A user's deliveries and rewards are equal."""
    assert send(visitor, event("rewarded"))["delivered"] == 1
    page_of(running, visitor, "rewarded")
    assert re.search(r"rewarded 1 1(?! differs)", shown(visitor.open("/queues")))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown_as_text(running: Running, visitor: Visitor, name: str) -> None:
    """Nothing of an event becomes markup, turns text around, is hidden, or breaks a page."""
    user = f"hostile-{name.replace(' ', '-')}"
    send(visitor, event(user, event=HOSTILE[name], properties={HOSTILE[name]: HOSTILE[name]}))
    for reply in (page_of(running, visitor, user), visitor.open(f"/?user={user}")):
        assert reply.status == 200
        assert "<script>alert" not in reply.text
        assert "<b onclick" not in reply.text
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200f\x00-\x08\x0b-\x1f\x7f]", reply.text)
        assert name != "template" or "{{ 7 * 7 }}" in html.unescape(reply.text)
    assert visitor.open("/").status == 200


def test_a_megabyte_is_shown_in_part(running: Running, visitor: Visitor) -> None:
    """A large event's page stays small, and the whole body can be downloaded."""
    answer = send(visitor, event("large", properties={"text": "x" * 1_000_000}))
    assert answer["received"] == 1
    reply = page_of(running, visitor, "large")
    assert len(reply.body) < 1_500_000
    assert "more characters" in reply.text
    [path] = re.findall(r'href="(/requests/[^"]+)"', reply.text)
    body = visitor.open(path)
    assert body.headers["Content-Type"].startswith("text/plain")
    assert "attachment" in body.headers["Content-Disposition"]
    decoded = decode_slowly(body.body)
    assert isinstance(decoded, dict)
    assert decoded["properties"] == {"text": "x" * 1_000_000}


def test_a_tour_has_a_user_of_its_own(visitor: Visitor) -> None:
    """The tour's address holds its user, so that it can be loaded again."""
    reply = visitor.open("/tour")
    assert reply.status == 303
    assert "Rewards of" in visitor.open(reply.headers["Location"]).text


def test_what_is_not_there_is_a_sentence(visitor: Visitor) -> None:
    """An event, a request or a page that is not there is 404, in plain text."""
    for path in ("/events/999999", "/requests/none", "/nowhere", "/events/x"):
        reply = visitor.open(path)
        assert reply.status == 404
        assert reply.headers["Content-Type"].startswith("text/plain")


def test_the_stream_tells_new_rows_that_pass_the_filter(running: Running, visitor: Visitor) -> None:
    """A tab gets the rows of its own filter as they come, and the end of the sandbox's trouble."""
    since = running.recording.sequence
    send(visitor, event("streamed"), event("not-wanted"))
    visitor.order("turn", switch="slow", on=True)
    connection = http.client.HTTPConnection(visitor.host, timeout=20)
    connection.request("GET", f"/stream?since={since}&user=streamed", headers=visitor.headers)
    answer = connection.getresponse()
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    seen: dict[str, dict[str, Any]] = {}
    while "changed" not in seen:
        name = answer.readline().decode().partition("event: ")[2].strip()
        if name:
            seen[name] = json.loads(answer.readline().decode().partition("data: ")[2])
    connection.close()
    assert "streamed" in seen["rows"]["html"]
    assert "not-wanted" not in seen["rows"]["html"]
    assert "seconds late" in seen["switched"]["html"]
