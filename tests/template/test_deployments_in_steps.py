"""A deployment in steps: it checks first, hangs on failures of the new version, and goes back."""

from __future__ import annotations

from typing import Any

import pytest
from samtranslator.model.preferences.deployment_preference_collection import (
    CODEDEPLOY_PREDEFINED_CONFIGURATIONS_LIST,
)

from tests.template.deployed import FUNCTIONS, REGION, schema, translated, versions
from tests.template.stack import Tree, parameters, properties, template
from tests.template.test_names import LONGEST
from tests.template.test_permissions import LOGS, as_list

AT_ONCE = "AllAtOnce"
CHOICES = [str(value) for value in parameters()["DeploymentPreference"]["AllowedValues"]]
IN_STEPS = [choice for choice in CHOICES if choice != AT_ONCE]
CANARY = {"DeploymentPreference": "Canary10Percent5Minutes"}
OF_STEPS = {
    "DeployRole",
    "IngestVersionErrors",
    "IngestVersionFailures",
    "PreTrafficFunction",
    "PreTrafficLog",
    "PreTrafficRole",
    "RedriveVersionErrors",
    "RedriveVersionFailures",
}
# CodeDeploy needs these: AWS's managed policy AWSCodeDeployRoleForLambda, without what is for
# revisions in S3 and for topics, and on the stack's own functions.
MOVES = {"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"}


@pytest.fixture(scope="module", autouse=True)
def _in_a_region() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield


def short(function: str) -> str:
    """IngestFunction as Ingest."""
    return function.removesuffix("Function")


def actions(role: str) -> dict[str, tuple[set[str], list[Any]]]:
    """The actions and resources of a role's statements, by their Sid."""
    (policy,) = properties(role)["Policies"]
    return {
        each["Sid"]: (set(as_list(each["Action"])), as_list(each["Resource"]))
        for each in policy["PolicyDocument"]["Statement"]
    }


def test_at_once_is_the_default_and_makes_nothing_of_codedeploy() -> None:
    """With AllAtOnce, the default, the alias moves by itself, without a check or a role."""
    assert parameters()["DeploymentPreference"]["Default"] == AT_ONCE
    made = translated()
    assert not [name for name, each in made.items() if "CodeDeploy" in each["Type"]]
    assert "CodeDeployServiceRole" not in made
    for function in FUNCTIONS:
        assert "UpdatePolicy" not in made[f"{function}Aliaslive"]


def test_what_serves_steps_is_there_in_steps_only() -> None:
    """Each resource for deployments in steps has the condition, and no other resource has it."""
    resources: Tree = template()["Resources"]
    with_it = {
        name for name, each in resources.items() if each.get("Condition") == "DeploysInSteps"
    }
    assert with_it == OF_STEPS


def test_every_choice_is_known_on_all_sides() -> None:
    """The parameter's choices are SAM's, and the map that SAM reads has each of them."""
    assert set(CHOICES) == set(CODEDEPLOY_PREDEFINED_CONFIGURATIONS_LIST)
    said = template()["Mappings"]["InSteps"]
    assert {name: each["Enabled"] for name, each in said.items()} == {
        choice: "false" if choice == AT_ONCE else "true" for choice in CHOICES
    }


@pytest.mark.parametrize("choice", IN_STEPS)
def test_each_other_choice_moves_both_aliases_by_codedeploy(choice: str) -> None:
    """CodeDeploy moves each alias as chosen, after the check, and back if it fails or alarms."""
    made = translated({"DeploymentPreference": choice})
    for function in FUNCTIONS:
        alias = made[f"{function}Aliaslive"]
        update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert update["DeploymentGroupName"] == {"Ref": f"{function}DeploymentGroup"}
        assert update["BeforeAllowTrafficHook"] == {"Ref": "PreTrafficFunction"}
        group = made[f"{function}DeploymentGroup"]["Properties"]
        config = group["DeploymentConfigName"]["Fn::Sub"]
        assert config == ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": choice}]
        assert group["AutoRollbackConfiguration"]["Enabled"]
        assert set(group["AutoRollbackConfiguration"]["Events"]) >= {
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
        }
        assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["DeployRole", "Arn"]}
    assert "CodeDeployServiceRole" not in made, "SAM's own role reaches every alias of the account"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_deployment_hangs_on_failures_of_the_new_version_alone(function: str) -> None:
    """The two alarms of a deployment count failures of the version that it deploys.

    CodeDeploy starts no deployment while an alarm of it is on. Any other alarm could be on because
    of what the deployment corrects.
    """
    made = translated(CANARY)
    configured = made[f"{function}DeploymentGroup"]["Properties"]["AlarmConfiguration"]["Alarms"]
    names = [each["Name"]["Ref"] for each in configured]
    assert names == [f"{short(function)}{kind}" for kind in ("VersionErrors", "VersionFailures")]
    version = versions(made)[function]["logical_id"]
    alarm, failures = (made[name]["Properties"] for name in names)
    assert {each["Name"]: each["Value"] for each in failures["Dimensions"]} == {
        "service": short(function).lower(),
        "version": {"Fn::GetAtt": [version, "Version"]},
    }
    assert failures["MetricName"] == "VersionFailures"
    assert failures["Namespace"] == {"Fn::Sub": "SegmentRehook/${AWS::StackName}"}
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "FunctionName": {"Ref": function},
        "Resource": {"Fn::Sub": f"${{{function}}}:live"},
        "ExecutedVersion": {"Fn::GetAtt": [version, "Version"]},
    }
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("kind", ["VersionErrors", "VersionFailures"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_new_version_has_an_alarm_without_a_past(function: str, kind: str) -> None:
    """A new version's alarm is a new one: its name has the version, and can't be changed.

    An alarm that is updated keeps its state. It would still be on because of the last version.
    """
    assert "/properties/AlarmName" in schema("AWS::CloudWatch::Alarm")["createOnlyProperties"]
    before = translated(CANARY)
    after = translated(CANARY, BridgeLayer="s3://bucket/changed")
    alarm = f"{short(function)}{kind}"
    names = [str(made[alarm]["Properties"]["AlarmName"]) for made in (before, after)]
    assert names[0] != names[1]
    assert versions(after)[function]["logical_id"] in names[1]


def test_a_changed_destination_alone_goes_through_the_same_steps_and_back() -> None:
    """A change of the mapping alone moves both aliases to a new version; the old one is kept."""
    before = translated(CANARY)
    after = translated(CANARY, DestinationLayer="s3://bucket/changed")
    for function in FUNCTIONS:
        alias = f"{function}Aliaslive"
        old, new = (made[alias]["Properties"]["FunctionVersion"] for made in (before, after))
        assert old != new
        assert "CodeDeployLambdaAliasUpdate" in after[alias]["UpdatePolicy"]
        assert before[old["Fn::GetAtt"][0]]["DeletionPolicy"] == "Retain"


def test_steps_by_themselves_publish_nothing() -> None:
    """To switch to steps publishes no version: what runs stays the same."""
    at_once, in_steps = versions(translated()), versions(translated(CANARY))
    for function in FUNCTIONS:
        assert at_once[function]["logical_id"] == in_steps[function]["logical_id"]


def test_the_check_knows_the_new_and_the_live_version_of_each_function() -> None:
    """The check is given the ARN of each function's new version, and of the alias."""
    made = translated(CANARY)
    variables = made["PreTrafficFunction"]["Properties"]["Environment"]["Variables"]
    for function in FUNCTIONS:
        prefix = short(function).upper()
        assert variables[f"{prefix}_VERSION"] == {"Ref": versions(made)[function]["logical_id"]}
        assert variables[f"{prefix}_LIVE"] == {"Fn::Sub": f"${{{function}.Arn}}:live"}


def test_the_check_is_deployed_without_layers_and_versions() -> None:
    """The check runs as it is: CodeDeploy calls it by its name, and no alias of it moves."""
    made = translated(CANARY)
    assert not made["PreTrafficFunction"]["Properties"].get("Layers")
    assert set(versions(made)) == set(FUNCTIONS)


def test_the_check_may_ask_versions_and_report_and_nothing_else() -> None:
    """The check's role allows to invoke versions of both functions, and to report its result."""
    said = actions("PreTrafficRole")
    arns = [{"Fn::Sub": f"${{{function}.Arn}}:*"} for function in FUNCTIONS]
    assert said.pop("AskVersions") == ({"lambda:InvokeFunction"}, arns)
    reports, (groups,) = said.pop("Report")
    assert reports == {"codedeploy:PutLifecycleEventHookExecutionStatus"}
    assert (
        ":deploymentgroup:${AWS::StackName}-ServerlessDeploymentApplication-*/" in groups["Fn::Sub"]
    )
    assert said == {"WriteLog": (LOGS, [{"Fn::GetAtt": ["PreTrafficLog", "Arn"]}])}


def test_sams_application_has_the_name_that_the_role_allows() -> None:
    """The application's name is CloudFormation's: stack, logical id and a suffix, never cut off."""
    application = translated(CANARY)["ServerlessDeploymentApplication"]
    assert "ApplicationName" not in application["Properties"]
    suffix = 12 + 1  # characters of CloudFormation's suffix, with its hyphen
    assert LONGEST + len("-ServerlessDeploymentApplication") + suffix <= 100, "CodeDeploy's limit"


def test_codedeploy_may_move_the_stacks_aliases_and_nothing_else() -> None:
    """CodeDeploy's role allows to move the two aliases, to call the check and to read alarms."""
    said = actions("DeployRole")
    arns: list[Tree] = []
    for function in FUNCTIONS:
        arns += [{"Fn::GetAtt": [function, "Arn"]}, {"Fn::Sub": f"${{{function}.Arn}}:*"}]
    assert said == {
        "MoveAliases": (MOVES, arns),
        "CallHook": ({"lambda:InvokeFunction"}, [{"Fn::GetAtt": ["PreTrafficFunction", "Arn"]}]),
        "ReadAlarms": ({"cloudwatch:DescribeAlarms"}, ["*"]),
    }
    (trusted,) = properties("DeployRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "codedeploy.amazonaws.com"}
