"""Tests of reading templates, and of files that are not templates."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from samtranslator.feature_toggle import feature_toggle
from samtranslator.metrics import metrics

from tests.integration.sandbox.conftest import STACK
from tests.template.stack import ROOT
from tools.audit.translated import translated
from tools.sandbox import template
from tools.sandbox.intrinsics import Unresolved
from tools.sandbox.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

AWS = "http://127.0.0.1:1"


def test_outputs_and_parameters_are_as_they_resolve() -> None:
    """Conditions and overrides are applied, and NoEcho values are not shown."""
    stack = template.read(STACK, AWS, {"Greeting": "hi"})
    assert sorted(stack.outputs) == ["LettersUrl", "ReturnedArn", "WebhookUrl"]
    queue = f"{stack.name}-Returned.fifo"
    assert stack.outputs["ReturnedArn"].value == f"arn:aws:sqs:us-east-1:123456789012:{queue}"
    assert stack.outputs["LettersUrl"].value.startswith(AWS)
    assert stack.outputs["WebhookUrl"].description == "Where events are taken"
    assert (stack.values["Greeting"], stack.values["Password"]) == ("hi", "****")
    assert stack.id.startswith(f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack.name}/")


@pytest.mark.parametrize("caller", ["sandbox", "audit"])
def test_a_translation_says_nothing(caller: str, caplog: pytest.LogCaptureFixture) -> None:
    """SAM's library warns neither of AWS's own switches nor of metrics; its errors are said."""
    for _ in range(2):  # the second one removes the metrics of the first one
        if caller == "audit":
            translated()
        else:
            translate(ROOT / "template.yaml", {}, template.STACK_NAME)
    assert [each for each in caplog.records if each.name.startswith("samtranslator")] == []
    for module in (feature_toggle, metrics):
        logging.getLogger(module.__name__).error("an error")
    assert caplog.messages == ["an error", "an error"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "- a",
        "text",
        "Resources:",
        "Resources: []",
        "Resources: {F: 1}",
        "Resources: {F: {}}",
        "Resources: {F: {Type: AWS::Serverless::Function}}",
        "Resources: {F: {Type: 'AWS::SQS::Queue', Properties: []}}",
        "Parameters: []\nResources: {F: {Type: 'AWS::SQS::Queue'}}",
        "Outputs: {A: {}}\nResources: {F: {Type: 'AWS::SQS::Queue'}}",
        "Outputs: {A: {Value: !Ref B}}\nResources: {F: {Type: 'AWS::SQS::Queue'}}",
    ],
)
def test_a_file_that_is_no_template_is_refused(text: str, tmp_path: Path) -> None:
    """Every invalid template raises Unresolved and no other exception."""
    file = tmp_path / "template.yaml"
    file.write_text(text)
    with pytest.raises(Unresolved):
        template.read(file, AWS, {})
