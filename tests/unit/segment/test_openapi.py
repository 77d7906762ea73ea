"""openapi.yaml says what the code answers: no code, reason, field or route more, and none less."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate

from segment_rehook import __version__
from segment_rehook.delivery.ingest.answer import EventReport, answer, refusal
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Result, Stored
from segment_rehook.rehook.plan import DropReason, Ignored

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
REFUSALS = {"RefusedBody", "RefusedAccess", "BodyTooLarge", "refusal"}


def assert_fits(body: object, *, response: str) -> None:
    """Hold an answer's body to the schema of a documented response."""
    content = DOCUMENT["components"]["responses"][response]["content"]
    schema = {"components": DOCUMENT["components"], **content["application/json"]["schema"]}
    jsonschema.Draft202012Validator(schema).validate(body)


def codes() -> Iterator[str]:
    """Every error code that the package's source gives to a refusal."""
    for file in (ROOT / "layers/bridge/segment_rehook").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in REFUSALS:
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                yield from [text for text in texts if isinstance(text, str)][:1]


def test_the_document_is_sound() -> None:
    """It is OpenAPI 3.1, of this version, and its examples fit their schemas."""
    validate(DOCUMENT)
    assert DOCUMENT["info"]["version"] == __version__
    for name, response in DOCUMENT["components"]["responses"].items():
        for example in response["content"]["application/json"].get("examples", {}).values():
            assert_fits(example["value"], response=name)


def test_the_routes_are_the_templates() -> None:
    """What API Gateway lets through is what is documented."""
    template = (ROOT / "template.yaml").read_text()
    documented = {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item
    }
    assert documented == {
        ("POST", "/segment"),
        ("PUT", "/segment"),
        ("PATCH", "/segment"),
        ("GET", "/health"),
    }
    for method, path in documented:
        assert f"Method: {method}, Path: {path}," in template


def test_every_error_code_is_documented_and_no_other() -> None:
    """Codes are for machines: a new one is a change of the interface."""
    assert set(codes()) == set(SCHEMAS["ErrorCode"]["enum"])


def test_every_outcome_and_reason_is_documented_and_no_other() -> None:
    """A duplicate's reason is what its first came to, or that it came in the same request."""
    reasons = {*Stored, *Parked, *Dropped, *DropReason}
    assert set(SCHEMAS["Outcome"]["enum"]) == {each.value for each in Outcome}
    assert set(SCHEMAS["Reason"]["enum"]) == {each.value for each in reasons} | {
        "delivered",
        "parked",
        "same_request",
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_answers_are_as_documented(outcome: Outcome) -> None:
    """Whatever becomes of an event, its report has the documented shape and status."""
    full = Result(outcome, Stored.UNKNOWN, request_id="r", code="c", detail="d")
    reports = [
        EventReport("m", [("track-event", full), (None, Result(outcome))], hint="h"),
        EventReport("m", ignored=(Ignored("track-event", "the subscription is disabled"),)),
        EventReport(None),
    ]
    given = answer(reports)
    assert given.status == (503 if outcome is Outcome.FAILED else 200)
    assert_fits(given.body, response="TryAgain" if given.status == 503 else "Settled")
    assert ("retry-after" in given.headers) == (given.status == 503)


@pytest.mark.parametrize(
    ("status", "response"),
    [(400, "RefusedBody"), (401, "RefusedAccess"), (413, "BodyTooLarge"), (503, "TryAgain")],
)
def test_refusals_are_as_documented(status: int, response: str) -> None:
    """Code, message and hint, and nothing else."""
    assert_fits(refusal(status, "not_json", "message", "hint").body, response=response)
    with pytest.raises(jsonschema.ValidationError):
        assert_fits({"error": {"code": "other", "message": "", "hint": ""}}, response=response)
