"""Tests of what the sandbox's Lambda says about functions and layers, with AWS's own client."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.integration.sandbox.aws import client, refusal
from tests.integration.sandbox.conftest import STACK
from tools.sandbox import Fault, Kind, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ECHO = "segment-rehook-sandbox-Echo"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{ECHO}"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:Shared"


@pytest.fixture
def functions(box: Sandbox) -> Iterator[Any]:
    """Give a client of the operator."""
    made = client(box, "lambda")
    yield made
    made.close()


def files(content: dict[str, Any]) -> dict[str, bytes]:
    """Download an archive, compare it with what is said of it, and return its files."""
    body = urllib3.request("GET", content["Location"]).data
    assert len(body) == content["CodeSize"]
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() == content["CodeSha256"]
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_live_version_is_described(box: Sandbox, functions: Any) -> None:
    """The configuration is the template's, with the sandbox's Rehook."""
    found = functions.get_function_configuration(FunctionName=ECHO, Qualifier="live")
    assert found["FunctionArn"] == f"{ARN}:live"
    assert (found["Version"], found["Timeout"], found["MemorySize"]) == ("1", 1, 128)
    assert found["Handler"] == "app.handler"
    variables = found["Environment"]["Variables"]
    assert variables["GREETING"] == "hi"
    assert variables["REHOOK_URL"] == box.rehook_url
    assert [each["Arn"] for each in found["Layers"]] == [f"{LAYER}:1"]
    assert found["LoggingConfig"]["LogGroup"] == f"/aws/lambda/{ECHO}"
    whole = functions.get_function(FunctionName=f"{ARN}:live")
    del whole["Configuration"]["RevisionId"], found["RevisionId"], found["ResponseMetadata"]
    assert whole["Configuration"] == found
    body = urllib3.request("GET", whole["Code"]["Location"]).data
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert packed.namelist() == ["app.py"]


@pytest.mark.parametrize(
    ("name", "qualifier", "arn", "version"),
    [
        (ECHO, None, ARN, "$LATEST"),
        (ECHO, "$LATEST", f"{ARN}:$LATEST", "$LATEST"),
        (ECHO, "1", f"{ARN}:1", "1"),
        (f"{ECHO}:live", None, f"{ARN}:live", "1"),
        (f"123456789012:function:{ECHO}", "live", f"{ARN}:live", "1"),
        (ARN, "live", f"{ARN}:live", "1"),
    ],
)
def test_a_function_has_several_names(
    functions: Any, name: str, qualifier: str | None, arn: str, version: str
) -> None:
    """The name, a part of the ARN and the ARN, each with a qualifier or without one."""
    qualified = {} if qualifier is None else {"Qualifier": qualifier}
    found = functions.get_function_configuration(FunctionName=name, **qualified)
    assert (found["FunctionArn"], found["Version"]) == (arn, version)


def test_what_there_is_not_is_not_found(functions: Any) -> None:
    """Functions, versions, aliases and layers; other operations are refused by name."""
    absent = "ResourceNotFoundException"
    assert refusal(functions.get_function, FunctionName="other") == absent
    assert refusal(functions.get_function, FunctionName=ECHO, Qualifier="9") == absent
    assert refusal(functions.get_alias, FunctionName=ECHO, Name="dead") == absent
    assert refusal(functions.get_layer_version, LayerName="Shared", VersionNumber=9) == absent
    assert refusal(functions.get_layer_version_by_arn, Arn=f"{LAYER}:9") == absent
    code = refusal(functions.get_function, FunctionName=f"{ECHO}:1", Qualifier="live")
    assert code == "InvalidParameterValueException"
    assert refusal(functions.list_functions) == "UnknownOperationException"
    assert refusal(functions.list_layers) == "UnknownOperationException"


def test_an_event_source_is_listed(functions: Any, box: Sandbox) -> None:
    """It is found by its function and by its queue."""
    queue = f"arn:aws:sqs:us-east-1:123456789012:{box.stack.queues['Letters'].name}"
    [found] = functions.list_event_source_mappings()["EventSourceMappings"]
    assert (found["State"], found["BatchSize"]) == ("Enabled", 3)
    assert found["ScalingConfig"] == {"MaximumConcurrency": 2}
    for asked in (
        {"EventSourceArn": queue},
        {"FunctionName": "segment-rehook-sandbox-Consume:live"},
    ):
        listed = functions.list_event_source_mappings(**asked)["EventSourceMappings"]
        assert listed == [found]
    assert functions.list_event_source_mappings(FunctionName=ECHO)["EventSourceMappings"] == []


def test_faults_hit_it_and_calls_are_counted(box: Sandbox, functions: Any) -> None:
    """A call that was ordered to fail fails; each counts for its caller."""
    before = box.aws.operations("operator").get("lambda:GetAlias", 0)
    match = {"service": "lambda", "operation": "GetAlias", "caller": "operator"}
    box.aws.fault(Fault(kind=Kind.ANSWER, match=match))
    assert refusal(functions.get_alias, FunctionName=ECHO, Name="live") == "InternalServerError"
    assert functions.get_alias(FunctionName=ECHO, Name="live")["FunctionVersion"] == "1"
    assert box.aws.operations("operator")["lambda:GetAlias"] == before + 2
    location = functions.get_function(FunctionName=ECHO)["Code"]["Location"]
    box.aws.fault(Fault(kind=Kind.ANSWER, status=403, match={"service": "s3"}))
    assert urllib3.request("GET", location).status == 403
    assert urllib3.request("GET", location).status == 200
    assert urllib3.request("GET", location.replace(ECHO, "other")).status == 403


def test_a_reload_publishes_versions(tmp_path: Path) -> None:
    """The live version has the new file; the earlier versions stay as they were.

    Without a change nothing is published, as by CloudFormation.
    """
    file = tmp_path / "mine.json"
    text = '{{"settings": {{"maxEventAgeHours": {}}}}}'
    file.write_text(text.format(1))
    with Sandbox(built=STACK, destination=file) as box:
        functions = client(box, "lambda")
        box.reload()
        assert functions.get_alias(FunctionName=ECHO, Name="live")["FunctionVersion"] == "1"
        file.write_text(text.format(2))
        box.reload()
        live = functions.get_function_configuration(FunctionName=ECHO, Qualifier="live")
        first = functions.get_function_configuration(FunctionName=ECHO, Qualifier="1")
        assert live["Version"] == "2"
        for configuration, hours in ((live, 2), (first, 1)):
            [layer] = configuration["Layers"]
            found = functions.get_layer_version_by_arn(Arn=layer["Arn"])
            assert found["LayerVersionArn"] == f"{LAYER}:{hours}"
            packed = files(found["Content"])
            assert json.loads(packed["destination.json"])["settings"]["maxEventAgeHours"] == hours
            assert sorted(packed) == ["destination.json", "python/shared.py", "words.txt"]
        pages = functions.get_paginator("list_versions_by_function").paginate(
            FunctionName=ECHO, PaginationConfig={"PageSize": 2}
        )
        versions = [each["Version"] for page in pages for each in page["Versions"]]
        assert versions == ["$LATEST", "1", "2"]
        functions.close()
