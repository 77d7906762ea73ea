"""The dashboard shows what exists, in an operator's order, and its picture is of this dashboard."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from tests.template.stack import ROOT, template
from tests.template.test_alarms import assert_written
from tools.bench import cost
from tools.cloudwatch.metric_math import names
from tools.cloudwatch.picture import picture
from tools.cloudwatch.sample import FIRING
from tools.cloudwatch.watched import (
    DASHBOARD,
    entries,
    metrics_of_widget,
    permanent_alarms,
    search,
    widgets,
)
from tools.cloudwatch.written import metrics

WIDGETS = widgets()
GRAPHS = [widget for widget in WIDGETS if widget["type"] == "metric"]
COLUMNS = 24
QUESTIONS = ("lost or late?", "Rehook all right?", "Segment sending?", "it cost?")
DRAWN = (ROOT / "docs" / "images" / "dashboard.svg").read_text(encoding="utf-8")
each_graph = pytest.mark.parametrize("widget", GRAPHS, ids=lambda each: each["properties"]["title"])


@each_graph
def test_every_metric_that_is_shown_is_written(widget: dict[str, object]) -> None:
    """Each metric of a widget is AWS's, or the code writes it under that name and dimensions."""
    found = metrics_of_widget(widget)
    assert found
    for metric in found:
        assert_written(metric)


@each_graph
def test_a_widget_names_what_it_has(widget: dict[str, object]) -> None:
    """Ids are unique, an expression names ids of its widget, what is shown has a label."""
    written = entries(widget)
    ids = [entry.options["id"] for entry in written if "id" in entry.options]
    assert len(ids) == len(set(ids))
    for entry in written:
        assert entry.options.get("visible", True) is ("label" in entry.options)
        if entry.expression and not search(entry.expression):
            assert names(entry.expression) <= set(ids), entry.expression
        assert "id" not in entry.options or re.fullmatch("[a-z][a-zA-Z0-9_]*", entry.options["id"])
    used = {name for entry in written if entry.expression for name in _named(entry.expression)}
    hidden = {each.options["id"] for each in written if not each.options.get("visible", True)}
    assert hidden <= used, "a hidden metric is for an expression"


def _named(expression: str) -> set[str]:
    return set() if search(expression) else names(expression)


def test_widgets_lie_side_by_side_within_the_grid() -> None:
    """No widget lies on another one or beyond the 24 columns."""
    for widget in WIDGETS:
        assert widget["x"] + widget["width"] <= COLUMNS
    for one, other in combinations(WIDGETS, 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        assert apart, (one["properties"], other["properties"])


def test_the_questions_come_in_an_operators_order() -> None:
    """Four headings, each with a command or with what the figures are."""
    texts = [widget["properties"]["markdown"] for widget in WIDGETS if widget["type"] == "text"]
    for said, question in zip(texts, QUESTIONS, strict=True):
        head, _, body = said.partition("\n")
        assert head.endswith(question)
        assert "`segment-rehook " in body or question == QUESTIONS[-1]


def test_all_alarms_are_shown() -> None:
    """The widget of alarms has each alarm once that each stack has."""
    (widget,) = [each for each in WIDGETS if each["type"] == "alarm"]
    shown = [arn.removesuffix(".Arn") for arn in widget["properties"]["alarms"]]
    assert sorted(shown) == sorted(permanent_alarms())
    assert set(FIRING) <= set(shown)


def test_what_was_received_is_shown_with_each_outcome_that_makes_it_up() -> None:
    """The first row of figures is the balance: all seven outcomes, and what has none yet."""
    (row,) = [each for each in GRAPHS if each["properties"]["title"].startswith("Events received")]
    shown = {metric.name for metric in metrics_of_widget(row)}
    assert shown == {name for name in metrics() if name.startswith("Events")}
    (rest,) = [entry.expression for entry in entries(row) if entry.expression]
    assert names(rest) == {name.removeprefix("Events").lower() for name in shown}
    assert row["properties"]["setPeriodToTimeRange"]


def test_dollars_are_of_the_list_prices() -> None:
    """The prices in the expressions are those of tools/bench/prices.json."""
    price = cost.prices()
    (row,) = [each for each in GRAPHS if each["properties"]["title"].startswith("Dollars")]
    by_label = {entry.options.get("label"): entry.expression or "" for entry in entries(row)}
    expected = {
        "API Gateway": {price["http_api_million_requests"]},
        "Lambda": {price["lambda_million_requests"], price["lambda_gb_second"]},
        "DynamoDB": {price["table_million_writes"], price["table_million_reads"]},
        "SQS, at most": {price["fifo_million_requests"]},
        "logs": {price["log_gb"]},
    }
    units = {1_000_000, 1_024_000, 1_000_000_000, cost.INGEST_GB * 1_024, cost.REDRIVE_GB * 1_024}
    for label, prices in expected.items():
        figures = {float(each) for each in re.findall(r"\b[\d.]+", by_label[label])}
        assert figures - units == prices, label


def test_a_dashboard_can_be_switched_off() -> None:
    """The parameter decides; the name is the stack's and the region's, as names are global."""
    (whole,) = [each for each in template()["Resources"].values() if each["Type"] == DASHBOARD]
    assert whole["Condition"] == "HasDashboard"
    assert template()["Conditions"]["HasDashboard"] == {"Fn::Equals": [{"Ref": "Dashboard"}, "on"]}
    name = whole["Properties"]["DashboardName"]["Fn::Sub"]
    assert "${AWS::StackName}" in name
    assert "${AWS::Region}" in name


def test_the_picture_is_of_this_dashboard() -> None:
    """The picture in the docs has every title and label, says that it is a sample, and is current.

    If this fails: `make dashboard`.
    """
    drawn = picture()
    assert f"digest {drawn['digest']}" in DRAWN, "run `make dashboard`"
    shown = DRAWN.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    for widget in drawn["widgets"]:
        assert f">{widget['title']}</text>" in shown or not widget["title"]
    assert "Sample data" in DRAWN
    assert "images/dashboard.svg" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_samples_figures_balance() -> None:
    """In the picture the first row balances: nothing is without an outcome."""
    (row,) = [
        widget for widget in picture()["widgets"] if widget["title"].startswith("Events received")
    ]
    figures = dict(row["numbers"])
    received = figures.pop("received")
    assert figures["+ no outcome yet"] == 0
    assert sum(figures.values()) == received > 0
