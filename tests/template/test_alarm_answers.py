"""Each alarm of the template is known to `segment-rehook doctor --alarm`."""

from __future__ import annotations

import pytest

from segment_rehook_cli.doctor.alarm_answers import ALARM_ANSWERS, REASONS
from segment_rehook_cli.doctor.runbook import runbook_section
from tests.template.stack import resources, template
from tools.cloudwatch.watched import ALARM
from tools.cloudwatch.written import metrics


@pytest.mark.parametrize("alarm", resources(ALARM))
def test_each_alarm_has_an_answer_and_a_section(alarm: str) -> None:
    """The answer is defined, not a default; the section is that of the runbook."""
    assert alarm in ALARM_ANSWERS
    assert "**Run.**" in (runbook_section(alarm) or "")


@pytest.mark.parametrize("alarm", ALARM_ANSWERS)
def test_an_answer_names_what_there_is(alarm: str) -> None:
    """Its reasons are of its metric, which the layer writes; its outputs are the template's."""
    answer = ALARM_ANSWERS[alarm]
    if answer.reasons:
        assert metrics()[answer.reasons].dimensions == {"service", "reason"}
        assert set(answer.counted()) <= {*REASONS[answer.reasons]}
        assert answer.counted()
    outputs = dict.fromkeys(template()["Outputs"], "name")
    assert "{" not in answer.next.format(region="eu-west-1", **outputs)
