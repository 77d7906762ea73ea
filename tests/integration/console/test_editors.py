"""The texts that one writes in the console, over HTTP: events to send, and the mapping."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from tests.integration.console.running import event, send

if TYPE_CHECKING:
    from tests.integration.console.running import Running, Visitor


def test_mistakes_have_their_place(visitor: Visitor) -> None:
    """Text that is no JSON is answered with line, column and reason; JSON that is no event too."""
    reply = visitor.order("preview", text='{"type": "track",\n "event": }')
    assert reply.status == 400
    assert (reply.json["line"], reply.json["column"]) == (2, 11)
    reply = visitor.order("preview", text='{"type": "track"}\n{"type" "track"}')
    assert (reply.json["line"], reply.json["column"]) == (2, 9)
    reply = visitor.order("preview", text='[{"type": "track"},\n 7]')
    assert "element 2 is no event" in reply.json["mistake"]
    assert (reply.json["line"], reply.json["column"]) == (2, 2)
    assert "no event" in visitor.order("preview", text="7").json["mistake"]
    assert "no event" in visitor.order("send", text=" ").json["mistake"]
    assert visitor.order("preview", text=1).status == 400
    assert visitor.order("preview").status == 400
    assert visitor.order("turn", switch="nothing", on=True).status == 400
    assert visitor.order("nothing").status == 404


def test_the_preview_shows_each_field(visitor: Visitor) -> None:
    """Before an event is sent, its call is shown field by field."""
    reply = visitor.order("preview", text=json.dumps(event("previewed")))
    text = html.unescape(reply.json["html"])
    assert "POST /events/invoke" in text
    assert '"previewed"' in text


def test_batches_repetitions_and_the_same_again(running: Running, visitor: Visitor) -> None:
    """A batch is one request; fresh ids are rewarded each; the same again is a duplicate."""
    text = json.dumps([event("many"), event("many")])
    batch = visitor.order("send", text=text, batch=True).json
    assert batch["requests"] == 1
    assert json.loads(batch["answer"]["body"])["delivered"] == 2
    sent = visitor.order("send", text=text, repeat=3, fresh=True).json
    assert (sent["requests"], sent["statuses"]) == (6, {"200": 6})
    assert running.box.rehook.rewards()["many", "order"] == 8
    again = visitor.order("send", again=sent["order"]).json
    assert json.loads(again["answer"]["body"])["duplicate"] == 1
    assert running.box.rehook.rewards()["many", "order"] == 8
    assert visitor.order("send", again=10**6).status == 400


def test_a_mapping_is_compared_and_applied(running: Running, visitor: Visitor) -> None:
    """A candidate's mistakes and its differences are shown; applied, the functions run on it."""
    send(visitor, event("mapped"))
    deployed = visitor.open("/mapping/file").text
    assert "1 changed" not in visitor.order("check", text=deployed).json["html"]
    candidate = json.loads(deployed)
    candidate["subscriptions"][1]["settings"]["event_name"] = "renamed"
    text = json.dumps(candidate)
    wrong = '{"subscriptions": 1}'
    found = html.unescape(visitor.order("check", text=text).json["html"])
    assert "event_name" in found
    assert '"renamed"' in found
    assert visitor.order("check", text="{").status == 400
    assert visitor.order("check", text=wrong).json["valid"] is False
    assert 'data-line="1" data-column="2"' in visitor.order("check", text=wrong).json["html"]
    assert visitor.order("apply", text=wrong).status == 400
    try:
        assert "subscriptions:" in visitor.order("apply", text=text).json["said"]
        send(visitor, event("mapped-anew"))
        assert running.box.rehook.rewards()["mapped-anew", "renamed"] == 1
        assert "renamed" in visitor.open("/mapping").text
    finally:
        visitor.order("apply", text=deployed)
