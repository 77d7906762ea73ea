"""The destination file that a stack runs: read from the layer of the function's live version.

The checkout may have another file than the stack, and the stack's newest layer may not be live. So
the alias `live` of the ingest function is asked. It needs the permissions
cloudformation:DescribeStackResources, lambda:GetFunctionConfiguration and lambda:GetLayerVersion.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.rehook.destination import version_of
from segment_rehook_cli.stack.aws_errors import StackUnusable, exit_on_aws_error
from segment_rehook_cli.stack.download import DownloadFailed, download

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_lambda.client import LambdaClient

    from segment_rehook_cli.stack.stack import Stack

__all__ = ["DeployedFile", "file_in_layer", "find_deployed", "read_deployed"]

FUNCTION: Final = "IngestFunction"
ALIAS: Final = "live"
VARIABLE: Final = "DESTINATION_FILE"
LAYERS: Final = PurePosixPath("/opt")
"""Where Lambda unpacks a function's layers."""

MAX_LAYER_BYTES: Final = 4 * 1024**2
"""A layer that is larger is not searched: a destination's has a few kilobytes."""

MAX_FILE_BYTES: Final = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class DeployedFile:
    """A stack's destination file. `layer` is the ARN of the layer's version that holds it."""

    content: bytes
    layer: str

    @property
    def version(self) -> str:
        """The version of the mapping, as the functions log it."""
        return version_of(self.content)


def read_deployed(stack: Stack) -> DeployedFile:
    """Read the file. If that fails, the command ends with one line and the exit code REFUSED."""
    with exit_on_aws_error():
        return find_deployed(stack)


def find_deployed(stack: Stack) -> DeployedFile:
    """Read the file. Raises what boto3 raises, and StackUnusable."""
    formation: CloudFormationClient = stack.client("cloudformation")
    found = formation.describe_stack_resources(StackName=stack.name, LogicalResourceId=FUNCTION)[
        "StackResources"
    ]
    name = found[0].get("PhysicalResourceId") if found else None
    if not name:
        raise StackUnusable(f"{FUNCTION} of the stack {stack.name} is not created yet")
    functions: LambdaClient = stack.client("lambda")
    configuration = functions.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    path = _path_in_layer(configuration)
    # Lambda unpacks the layers in this order, so that the last one counts.
    for layer in reversed(configuration.get("Layers", [])):
        if layer.get("CodeSize", 0) > MAX_LAYER_BYTES:
            continue
        content = functions.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]
        text = _fetched(content, path, layer["Arn"])
        if text is not None:
            return DeployedFile(text, layer["Arn"])
    raise StackUnusable(
        f"no layer of {FUNCTION} has the file {LAYERS / path}: deploy the stack again"
    )


def file_in_layer(archive: bytes, path: str) -> bytes | None:
    """Return a file of a layer; None if the layer does not have it.

    Raises ValueError, with a few words, if the archive can't be read or the file is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as layer:
            for each in layer.infolist():
                if str(PurePosixPath(each.filename)) == path:
                    with layer.open(each) as file:
                        content = file.read(MAX_FILE_BYTES + 1)
                    if len(content) > MAX_FILE_BYTES:
                        raise ValueError(f"{path} has more than {MAX_FILE_BYTES:,} bytes")
                    return content
    # RuntimeError: encrypted; NotImplementedError: compressed in a way that Python does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError):
        raise ValueError("it is not a zip file that can be read") from None
    return None


def _path_in_layer(configuration: Mapping[str, Any]) -> str:
    named = configuration.get("Environment", {}).get("Variables", {}).get(VARIABLE, "")
    path = PurePosixPath(named)
    if not named or not path.is_relative_to(LAYERS):
        raise StackUnusable(
            f"{FUNCTION} has no variable {VARIABLE} that names a file in {LAYERS}: it is not of "
            "this template, or your credentials may not read it"
        )
    return str(path.relative_to(LAYERS))


def _fetched(content: Mapping[str, Any], path: str, arn: str) -> bytes | None:
    try:
        archive = download(content["Location"], MAX_LAYER_BYTES)
        return file_in_layer(_checked(archive, content.get("CodeSha256")), path)
    except (DownloadFailed, ValueError) as error:
        raise StackUnusable(f"the layer {arn} can't be read: {error}") from None


def _checked(archive: bytes, expected: str | None) -> bytes:
    """Return the archive. Raises ValueError if its hash is not the one that AWS named."""
    if expected and base64.b64encode(hashlib.sha256(archive).digest()).decode() != expected:
        raise ValueError("its content is not what AWS announced")
    return archive
