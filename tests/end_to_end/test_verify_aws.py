"""`make verify-aws` on the sandbox: what its stand-ins answer must pass the same checks as AWS.

What they do not answer is skipped with a reason, and counts as not well.
"""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segment_rehook_cli.doctor.checks import CHECKS
from tests.end_to_end.doctor_lines import stack_of
from tools.verify_aws import log_queries, metrics, stores, version_reports
from tools.verify_aws.alarms import alarms
from tools.verify_aws.check import Check
from tools.verify_aws.dashboard import dashboard, widgets
from tools.verify_aws.fifo_queue import fifo_queue
from tools.verify_aws.stack_checks import stack_checks
from tools.verify_aws.webhook import webhook_checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sandbox import Sandbox


class HastyClock:
    """The port `Clock`: the machine's time, with short pauses, as the stand-ins take no time."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def sleep(seconds: float) -> None:
        """Sleep for a hundredth of a second at most."""
        time.sleep(min(seconds, 0.01))


def failures(checks: Iterable[Check]) -> list[Check]:
    """Give the checks that do not hold."""
    return [check for check in checks if not check.holds]


def only_skipped(checks: Iterable[Check]) -> set[str]:
    """Give the ends of the texts of the skipped checks; all others must hold."""
    wrong = failures(checks)
    assert all(check.skipped and "stand-in" in check.seen for check in wrong), wrong
    return {check.text.rpartition(": ")[2] for check in wrong}


def test_the_queues_behave_as_the_bridge_needs_them(box: Sandbox) -> None:
    """A queue of the sandbox passes the checks that are made on AWS."""
    assert failures(fifo_queue(box.sqs)) == []


def test_the_webhook_lets_in_who_signs(box: Sandbox) -> None:
    """The webhook passes all its checks, and nothing is delivered to Rehook."""
    before = len(box.rehook.calls())
    assert failures(webhook_checks(box.webhook, box.shared_secret)) == []
    assert len(box.rehook.calls()) == before


def test_a_wrong_secret_is_noticed(box: Sandbox) -> None:
    """With a wrong secret, the check of a signed event fails with status 401."""
    [failed] = failures(webhook_checks(box.webhook, "another secret"))
    assert failed.seen.startswith("401")


def test_queues_and_table_are_as_they_must_be(box: Sandbox) -> None:
    """Queues and table that the sandbox makes of the template pass; swapped queues do not."""
    waiting, parked = (box.queue(name).url for name in ("DeadLetterQueue", "ParkingLot"))
    timeout = box.stack.functions["RedriveFunction"].timeout
    assert failures(stores.queues(box.sqs, waiting, parked, timeout)) == []
    assert len(failures(stores.queues(box.sqs, parked, waiting, timeout))) == 3
    [table] = box.stack.tables.values()
    assert failures(stores.table(box.dynamodb, table.name)) == []


def test_a_webhook_that_nobody_can_reach_is_a_finding() -> None:
    """If the webhook can't be reached, one check fails with the type of the error, and no other."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    checks = list(webhook_checks(f"http://127.0.0.1:{port}/segment", "secret"))

    assert checks == [Check("the webhook can be reached", holds=False, seen="MaxRetryError")]


def test_the_saved_queries_are_run_as_far_as_the_stand_in_knows_their_words(box: Sandbox) -> None:
    """Queries of known commands are run. Others are skipped, and so is the list of them all."""
    client, clock = stack_of(box).client("logs"), HastyClock()
    made = box.stack.resources
    checks = []
    for name in made.ids("AWS::Logs::QueryDefinition"):
        said = made.properties(name)
        query = log_queries.SavedQuery(
            name, said["Name"], said["QueryString"], said["LogGroupNames"]
        )
        checks.append(log_queries.runs_saved(client, query, clock))
    assert len(checks) == 6
    assert only_skipped(checks) == {
        "Stored, parked and failed by reason",
        "Refused requests by code",
    }
    listed = log_queries.saved_queries(client, box.stack.name, ["q"], clock)
    assert only_skipped(listed) == {"the saved queries are listed"}


def test_the_command_lines_queries_and_patterns_are_taken(box: Sandbox) -> None:
    """Each query and pattern that the command line makes is one that CloudWatch Logs takes."""
    stack, clock = stack_of(box), HastyClock()
    client = stack.client("logs")
    assert failures(log_queries.command_line_queries(client, stack, clock)) == []
    assert failures(log_queries.filter_patterns(client, stack, clock)) == []


def test_the_checks_own_event_is_counted(box: Sandbox) -> None:
    """What the checks of the webhook made ingest count has values; ListMetrics is skipped."""
    client, clock = stack_of(box).client("cloudwatch"), HastyClock()
    sent = clock.now()
    assert failures(webhook_checks(box.webhook, box.shared_secret)) == []
    expected = metrics.of_webhook_checks(box.stack.name)
    assert failures(metrics.have_values(client, expected, sent, clock)) == []
    assert metrics.dimensions(client, box.stack.name).skipped


def test_the_dashboard_is_computed_as_far_as_the_stand_in_does(box: Sandbox) -> None:
    """Widgets without metric math hold; those with it, and the dashboard itself, are skipped."""
    client, now = stack_of(box).client("cloudwatch"), datetime.now(UTC)
    made = box.stack.resources
    [name] = made.ids("AWS::CloudWatch::Dashboard")
    assert len(only_skipped(dashboard(client, made.name(name), now))) == 1
    checks = list(widgets(client, made.properties(name)["DashboardBody"], now))
    skipped = only_skipped(checks)
    assert "Dollars in the time range" in skipped
    assert "Requests and their answers" not in skipped
    assert 0 < len(skipped) < len(checks)


def test_the_alarms_are_there(box: Sandbox) -> None:
    """All alarms are there; states and metric math are skipped. A missing one is a finding."""
    client, now = stack_of(box).client("cloudwatch"), datetime.now(UTC)
    made = box.stack.resources
    names = [made.name(each) for each in made.ids("AWS::CloudWatch::Alarm")]
    there, *others = alarms(client, names, now)
    assert there.holds
    assert len(others) > len(names) / 2
    assert len(only_skipped(others)) == len(others)
    there, *_ = alarms(client, [*names, "another"], now)
    assert not there.holds
    assert not there.skipped


def test_the_live_versions_report_on_themselves(box: Sandbox) -> None:
    """The functions' own reports pass, and store nothing. Invoke itself is skipped."""
    before = box.ledger()
    for name in ("IngestFunction", "RedriveFunction"):
        result = box.functions[name].invoke(version_reports.payload())
        checks = list(version_reports.report(name, result.payload, failed=result.failed))
        assert len(checks) == 4
        assert failures(checks) == []
        function = box.stack.resources.name(name)
        [check] = version_reports.live_report(stack_of(box).client("lambda"), name, function)
        assert check.skipped
    assert box.ledger() == before


def test_a_whole_run_passes_but_for_what_the_stand_ins_lack(box: Sandbox) -> None:
    """All checks are made, and what does not hold is skipped.

    Where another test has killed a function of this sandbox, its books may not balance either.
    """
    checks = list(stack_checks(stack_of(box), HastyClock()))
    diagnosed = [each for each in checks if each.text.startswith("doctor, ")]
    assert {each.text.partition(": ")[0] for each in diagnosed} == {f"doctor, {n}" for n in CHECKS}
    wrong = failures(checks)
    found = {each.text.partition(": ")[0] for each in wrong if not each.skipped}
    assert found <= {"doctor, balance"}
    assert all("stand-in" in each.seen for each in wrong if each.skipped)
    assert len(wrong) < len(checks) / 2
