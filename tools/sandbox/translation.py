"""The built template, translated by SAM's own translator into what CloudFormation gets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
from samtranslator.feature_toggle import feature_toggle
from samtranslator.metrics import metrics
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse
from yaml import YAMLError

from tools.sandbox import parameters
from tools.sandbox.intrinsics import REGION, Unresolved, pseudo_parameters

if TYPE_CHECKING:
    from pathlib import Path


class _ResourceShape(msgspec.Struct, rename="pascal"):
    type: str
    properties: dict[str, Any] = {}


class _OutputShape(msgspec.Struct, rename="pascal"):
    value: Any
    description: str = ""


class _TemplateShape(msgspec.Struct, rename="pascal"):
    """The structure that this package needs; SAM checks what it translates."""

    resources: dict[str, _ResourceShape]
    parameters: dict[str, dict[str, Any]] = {}
    conditions: dict[str, Any] = {}
    outputs: dict[str, _OutputShape] = {}


def sam_translator(region: str) -> Translator:
    """Return SAM's translator, without the warnings of AWS's own switches and metrics."""
    for module in (feature_toggle, metrics):
        logging.getLogger(module.__name__).setLevel(logging.ERROR)
    return Translator({}, Parser(), boto_session=boto3.Session(region_name=region))


def translate(
    built: Path, given: dict[str, str], stack_name: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the translated template, and the values of parameters and pseudo-parameters.

    ``given``: values that differ from the defaults. The S3 keys of code and layers are the names of
    their folders. Raises Unresolved.
    """
    try:
        template = yaml_parse(built.read_text())
        msgspec.convert(template, _TemplateShape)
    except (UnicodeDecodeError, msgspec.ValidationError, YAMLError) as error:
        raise Unresolved(f"{built.name} is no template of CloudFormation: {error}") from error
    values = parameters.values(template.get("Parameters", {}), given)
    values |= pseudo_parameters(stack_name)
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            folder = resource.get("Properties", {}).get(name)
            if folder is not None:
                resource["Properties"][name] = f"s3://built/{folder}"
    try:
        return sam_translator(REGION).translate(template, dict(values)), values
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise Unresolved(f"SAM can't translate {built.name}: {causes}") from error
