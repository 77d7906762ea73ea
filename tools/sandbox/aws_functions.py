"""What Lambda says about the stack's functions, their versions and their layers."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tools.sandbox.aws_answers import AwsAnswer, Refused, page
from tools.sandbox.intrinsics import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.aws_stacks import StackRecord
    from tools.sandbox.published import FunctionVersion, LayerVersion, Published

LATEST, LIVE = "$LATEST", "live"
CONTENT_PATH: Final = "/content/"
MAX_VERSIONS, MAX_MAPPINGS = 50, 100
_NAMED: Final = re.compile(
    r"(?:(?:arn:aws:lambda:[a-z0-9-]+:)?\d{12}:)?(?:function:)?(?P<name>[\w-]+)"
    r"(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
_LAYER_ARN: Final = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:layer:(?P<name>[\w-]+)")
_WHERE: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}"


class AwsFunctions:
    """The operations by their names. ``published``: the versions."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._mappings: list[dict[str, Any]] = []

    def record(self, stack: StackRecord) -> None:
        """Publish a stack's functions and layers."""
        now = datetime.now(UTC)
        self._published.record(stack, now)
        self._mappings = [
            {
                "UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, each["EventSourceArn"])),
                "BatchSize": int(each.get("BatchSize", 10)),
                "EventSourceArn": each["EventSourceArn"],
                "FunctionArn": each["FunctionName"],
                "FunctionResponseTypes": each.get("FunctionResponseTypes", []),
                "LastModified": now.timestamp(),
                "MaximumBatchingWindowInSeconds": 0,
                "State": "Enabled",
                "StateTransitionReason": "USER_INITIATED",
                **_scaling(each),
            }
            for each in stack.event_sources
        ]

    def operations(self, address: str) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations. ``address``: of this server, where archives can be downloaded."""
        return {
            "GetFunction": lambda asked: self._function(asked, address),
            "GetFunctionConfiguration": lambda asked: _configuration(*self._version(asked)),
            "GetAlias": self._alias,
            "ListVersionsByFunction": self._versions,
            "GetLayerVersion": lambda asked: self._layer(asked, address),
            "GetLayerVersionByArn": lambda asked: self._layer_by_arn(asked, address),
            "ListEventSourceMappings": self._event_sources,
        }

    def content(self, path: str) -> AwsAnswer:
        """Answer a download of an archive; 403 for one that there is not, as S3 does."""
        kind, _, rest = path.removeprefix(CONTENT_PATH).partition("/")
        name, _, number = rest.partition("/")
        kept: Any = {"layer": self._published.layers, "function": self._published.functions}
        for version in kept.get(kind, {}).get(name, []):
            if str(version.number) == number:
                headers = [("content-type", "application/zip")]
                return AwsAnswer(HTTPStatus.OK, headers, version.archive().content)
        return AwsAnswer(HTTPStatus.FORBIDDEN, [("content-type", "application/xml")], b"")

    def _named(self, asked: dict[str, Any]) -> tuple[list[FunctionVersion], str | None]:
        """Return the versions of the function, and the qualifier in its name. Raises Refused."""
        match = _NAMED.fullmatch(asked["FunctionName"])
        if match is None:
            raise Refused("ValidationException", "FunctionName is neither a name nor an ARN")
        versions = self._published.functions.get(match["name"])
        if versions is None:
            raise _absent(f"Function not found: {_WHERE}:function:{match['name']}")
        return versions, match["qualifier"]

    def _version(self, asked: dict[str, Any]) -> tuple[FunctionVersion, str | None]:
        """Return the version that is asked for, and its qualifier. Raises Refused."""
        versions, named = self._named(asked)
        qualifier = asked.get("Qualifier", named)
        if named is not None and qualifier != named:
            raise Refused("InvalidParameterValueException", "The qualifiers differ")
        if qualifier in {None, LATEST, LIVE}:
            return versions[-1], qualifier
        for version in versions:
            if str(version.number) == qualifier:
                return version, qualifier
        name = versions[-1].function.name
        raise _absent(f"Function not found: {_WHERE}:function:{name}:{qualifier}")

    def _function(self, asked: dict[str, Any], address: str) -> dict[str, Any]:
        version, qualifier = self._version(asked)
        location = _location(address, "function", version.function.name, version.number)
        return {
            "Configuration": _configuration(version, qualifier),
            "Code": {"RepositoryType": "S3", "Location": location},
            "Tags": {},
        }

    def _alias(self, asked: dict[str, Any]) -> dict[str, Any]:
        versions, _ = self._named(asked)
        name = versions[-1].function.name
        arn = f"{_WHERE}:function:{name}:{asked['Name']}"
        if asked["Name"] != LIVE:
            raise _absent(f"Cannot find alias arn: {arn}")
        return {
            "AliasArn": arn,
            "Name": LIVE,
            "FunctionVersion": str(versions[-1].number),
            "Description": "",
            "RevisionId": _revision(versions[-1]),
        }

    def _versions(self, asked: dict[str, Any]) -> dict[str, Any]:
        versions, _ = self._named(asked)
        every = [(versions[-1], LATEST), *((each, str(each.number)) for each in versions)]
        shown, marker = _page(every, asked, MAX_VERSIONS)
        found = [_configuration(version, qualifier) for version, qualifier in shown]
        return {"Versions": found, **({"NextMarker": marker} if marker else {})}

    def _layer(self, asked: dict[str, Any], address: str) -> dict[str, Any]:
        arn = _LAYER_ARN.fullmatch(asked["LayerName"])
        for version in self._published.layers.get(arn["name"] if arn else asked["LayerName"], []):
            if str(version.number) == str(asked["VersionNumber"]):
                return _layer(version, address)
        raise _absent("The resource you requested does not exist.")

    def _layer_by_arn(self, asked: dict[str, Any], address: str) -> dict[str, Any]:
        name, _, number = asked["Arn"].rpartition(":")
        if not _LAYER_ARN.fullmatch(name) or not number.isdecimal():
            raise Refused("ValidationException", "Arn is not the ARN of a version of a layer")
        return self._layer({"LayerName": name, "VersionNumber": number}, address)

    def _event_sources(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self._mappings
        if "EventSourceArn" in asked:
            found = [each for each in found if each["EventSourceArn"] == asked["EventSourceArn"]]
        if "FunctionName" in asked:
            versions, qualifier = self._named(asked)
            arn = f"{_WHERE}:function:{versions[-1].function.name}"
            wanted = {arn if qualifier is None else f"{arn}:{qualifier}"}
            found = [each for each in found if each["FunctionArn"] in wanted]
        shown, marker = _page(found, asked, MAX_MAPPINGS)
        return {"EventSourceMappings": shown, **({"NextMarker": marker} if marker else {})}


def _absent(message: str) -> Refused:
    members = {"Type": "User"}
    return Refused("ResourceNotFoundException", message, HTTPStatus.NOT_FOUND, members)


def _page(every: list[Any], asked: dict[str, Any], most: int) -> tuple[list[Any], str | None]:
    size = str(asked.get("MaxItems", most))
    wrong = Refused("InvalidParameterValueException", "Marker or MaxItems is wrong")
    if not size.isdecimal() or int(size) == 0:
        raise wrong
    return page(every, min(int(size), most), asked.get("Marker"), wrong)


def _scaling(mapping: dict[str, Any]) -> dict[str, Any]:
    most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
    return {"ScalingConfig": {"MaximumConcurrency": int(most)}} if most else {}


def _location(address: str, kind: str, name: str, number: int) -> str:
    return f"{address}{CONTENT_PATH}{kind}/{name}/{number}?X-Amz-Expires=600"


def _revision(version: FunctionVersion) -> str:
    named = f"{version.function.name}:{version.number}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, named))


def _layer(version: LayerVersion, address: str) -> dict[str, Any]:
    layer, packed = version.layer, version.archive()
    return {
        "Content": {
            "Location": _location(address, "layer", layer.name, version.number),
            "CodeSha256": packed.sha256,
            "CodeSize": len(packed.content),
        },
        "LayerArn": version.layer_arn,
        "LayerVersionArn": version.arn,
        "Description": layer.description,
        "CreatedDate": _moment(version.created),
        "Version": version.number,
        "CompatibleRuntimes": layer.runtimes,
        "CompatibleArchitectures": layer.architectures,
    }


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}+0000"


def _configuration(version: FunctionVersion, qualifier: str | None) -> dict[str, Any]:
    function, packed = version.function, version.archive()
    arn = f"{_WHERE}:function:{function.name}"
    latest = qualifier in {None, LATEST}
    described = "" if latest else function.version_description
    return {
        "FunctionName": function.name,
        "FunctionArn": arn if qualifier is None else f"{arn}:{qualifier}",
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": len(packed.content),
        "CodeSha256": packed.sha256,
        "Description": described or function.description,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "LastModified": _moment(version.created),
        "Version": LATEST if latest else str(version.number),
        "Environment": {"Variables": function.environment},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": _revision(version),
        "Layers": [
            {"Arn": each.arn, "CodeSize": len(each.archive().content)} for each in version.layers
        ],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": function.architectures,
        "EphemeralStorage": {"Size": 512},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": function.log_group},
    }
