"""Tests of CloudFormation's intrinsic functions."""

from __future__ import annotations

from typing import Any

import pytest

from tools.sandbox.intrinsics import Resolver, Unresolved, pseudo_parameters


def attribute(logical_id: str, name: str | None) -> str:
    """Return an attribute of a made-up resource."""
    return f"<{logical_id}.{name}>" if name else f"<{logical_id}>"


CONDITIONS = {
    "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
    "Small": {"Fn::Not": [{"Condition": "Big"}]},
    "Both": {"Fn::And": [{"Condition": "Big"}, {"Condition": "Small"}]},
    "Either": {"Fn::Or": [{"Condition": "Big"}, {"Condition": "Small"}]},
}
RESOLVER = Resolver({"Size": "small", **pseudo_parameters("stack")}, CONDITIONS, attribute)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Size"}, "small"),
        ({"Ref": "Queue"}, "<Queue>"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "<Queue.Arn>"),
        ({"Fn::GetAtt": "Queue.Arn"}, "<Queue.Arn>"),
        (
            {"Fn::Sub": "${AWS::StackName}-${Size}-${Queue.Arn}-${!Kept}"},
            "stack-small-<Queue.Arn>-${Kept}",
        ),
        ({"Fn::Sub": ["${A}-${Size}", {"A": {"Ref": "Queue"}}]}, "<Queue>-small"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-small"),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}, "b"),
        ({"Fn::If": ["Big", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}, {"b": [1]}),
    ],
)
def test_each_function(value: Any, resolved: Any) -> None:
    """Every function that the template uses has the same result as in CloudFormation."""
    assert RESOLVER.resolve(value) == resolved


@pytest.mark.parametrize("value", [{"Fn::ImportValue": "x"}, {"Fn::If": ["None", 1, 2]}])
def test_what_is_not_known_is_refused(value: Any) -> None:
    """An unknown function or condition raises Unresolved."""
    with pytest.raises(Unresolved):
        RESOLVER.resolve(value)
