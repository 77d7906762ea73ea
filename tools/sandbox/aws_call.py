"""Which operation a request to AWS calls, read from its headers or its form."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl

from tools.sandbox.aws_functions import CONTENT_PATH
from tools.sandbox.aws_rest import lambda_operation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SERVICES: Final = {"graniteserviceversion20100801": "cloudwatch", "monitoring": "cloudwatch"}
"""The names in permissions of services that go by other names in targets and signatures."""

_SCOPE = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/")


class Call(NamedTuple):
    """One call. ``caller``: the access key id. ``form``: None unless the answer is to be XML."""

    caller: str
    region: str
    service: str
    operation: str
    form: dict[str, str] | None

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> Call:
        """Read a request. The body of a form can be read again afterwards."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        caller, region, service = scope.groups() if scope else ("", "", "")
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target:
            prefix, _, operation = target.partition(".")
            service = prefix.partition("_")[0].removeprefix("Amazon").lower()
            service = _SERVICES.get(service, service)
            return cls(caller, region, service, operation, None)
        service = _SERVICES.get(service, service)
        if service == "lambda":
            operation, _ = lambda_operation(*_where(environ))
            return cls(caller, region, service, operation, None)
        if scope is None and environ["PATH_INFO"].startswith(CONTENT_PATH):
            return cls(caller, region, "s3", "GetObject", None)
        form = None
        if "form-urlencoded" in environ.get("CONTENT_TYPE", ""):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return cls(caller, region, service, (form or {}).get("Action", ""), form)


def members_of(environ: WSGIEnvironment) -> dict[str, str]:
    """The members of a call to Lambda that are in its path and its query."""
    return lambda_operation(*_where(environ))[1]


def _where(environ: WSGIEnvironment) -> tuple[str, str, str]:
    return environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")
