"""The answers of the stand-ins for AWS's services, and the errors by AWS's own codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JSON: Final = "application/x-amz-json-1.1"
JSON_1_0: Final = "application/x-amz-json-1.0"
PLAIN_JSON: Final = "application/json"
XML: Final = "text/xml"
_METADATA: Final = {"ResponseMetadata": {"RequestId": "00000000-0000-4000-8000-000000000000"}}


class Refused(Exception):
    """A call is refused. ``members``: what the error's structure has besides its message."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = HTTPStatus.BAD_REQUEST,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = dict(members or {})


class AwsAnswer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class XmlMap(dict[str, Any]):
    """A map; in the query protocol it is written otherwise than a structure."""


def of_json(value: object, content_type: str = JSON) -> AwsAnswer:
    """Answer with JSON."""
    return AwsAnswer(HTTPStatus.OK, [("content-type", content_type)], msgspec.json.encode(value))


def json_refusal(refused: Refused, content_type: str = JSON) -> AwsAnswer:
    """Answer an error of a service that speaks JSON."""
    error = {"__type": refused.code, "message": str(refused), **refused.members}
    headers = [("content-type", content_type), ("x-amzn-errortype", refused.code)]
    if content_type == JSON_1_0:
        # From here a client takes the code that the query protocol had.
        headers.append(("x-amzn-query-error", f"{refused.code};Sender"))
    return AwsAnswer(refused.status, headers, msgspec.json.encode(error))


def of_xml(operation: str, result: Mapping[str, Any], namespace: str) -> AwsAnswer:
    """Answer a call of the query protocol with its result."""
    value = {f"{operation}Result": result, **_METADATA}
    return _xml(HTTPStatus.OK, f"{operation}Response", value, namespace)


def xml_refusal(refused: Refused, namespace: str) -> AwsAnswer:
    """Answer an error of a service that speaks the query protocol."""
    error = {"Error": {"Type": "Sender", "Code": refused.code, "Message": str(refused)}}
    return _xml(refused.status, "ErrorResponse", error, namespace)


def page(
    elements: Iterable[Any], size: int, token: str | None, unknown: Refused
) -> tuple[list[Any], str | None]:
    """Return one page, and the token of the next. ``unknown``: raised for a token that is none."""
    every = list(elements)
    if token is not None and not (token.isascii() and token.isdecimal()):
        raise unknown
    start = int(token or 0)
    end = start + size
    return every[start:end], str(end) if end < len(every) else None


def _xml(status: int, name: str, value: dict[str, Any], namespace: str) -> AwsAnswer:
    root = _element(name, value)
    root.set("xmlns", namespace)
    return AwsAnswer(status, [("content-type", XML)], ET.tostring(root))


def _element(name: str, value: object) -> ET.Element:
    element = ET.Element(name)
    match value:
        case XmlMap():
            element.extend(
                _element("entry", {"key": key, "value": member}) for key, member in value.items()
            )
        case dict():
            element.extend(_element(str(key), member) for key, member in value.items())
        case list():
            element.extend(_element("member", member) for member in value)
        case bool():
            element.text = str(value).lower()
        case _:
            element.text = str(value)
    return element
