"""What a function loads until it has delivered its first event: a budget, since each start pays it.

The built layer is run by a Python that has nothing else but the packages of Lambda's runtime.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.client.server import ScriptedServer, Wire, answer
from tests.template.stack import ROOT, environment
from tools.sandbox.artefacts import runtime_folder
from tools.sandbox.build import BUILT, build

PATH = "/segment-rehook/bridge"
SECRET = "shared-secret"
PARAMETERS = {
    "rehook/api-key": "key",
    "rehook/api-secret": "secret",
    "segment/shared-secrets": SECRET,
}
# The packages that may be loaded. botocore is the runtime's own: Powertools imports its top module
# to put a name into the user agent, and the AWS library's clients are in other modules.
PACKAGES = {
    "aws_lambda_powertools",
    "botocore",
    "jmespath",
    "msgspec",
    "segment_rehook",
    "typing_extensions",
}
# Parts of the standard library that take long to load, or that other clients would bring.
BARRED = {
    "asyncio",
    "difflib",
    "email",
    "http",
    "importlib.metadata",
    "importlib.resources",
    "multiprocessing",
    "pickle",
    "subprocess",
    "tempfile",
    "unittest",
    "urllib.request",
    "xml",
    "zipfile",
    "zoneinfo",
}
# Some 300 are loaded on Python 3.13. A new one is no mistake; twenty are worth a look.
MAX_MODULES = 340

PROGRAM = """
import json, sys
event = json.loads(sys.stdin.read())
sys.path.insert(0, event.pop("function"))
import app

class Context:
    aws_request_id = "id"
    def get_remaining_time_in_millis(self):
        return 10_000

answer = app.handler(event, Context())
sys.stderr.write(json.dumps({"answer": answer, "modules": sorted(sys.modules)}))
"""


def service(wire: Wire) -> None:
    """Answer as SSM, DynamoDB and Rehook do."""
    parameters = [
        {"Name": f"{PATH}/{name}", "Value": value, "Type": "SecureString"}
        for name, value in PARAMETERS.items()
    ]
    answers = {
        b"AmazonSSM.GetParametersByPath": json.dumps({"Parameters": parameters}).encode(),
        b"DynamoDB_20120810.BatchGetItem": b'{"Responses": {}, "UnprocessedKeys": {}}',
        b"DynamoDB_20120810.PutItem": b"{}",
    }
    while (request := wire.request()) is not None:
        target = re.search(rb"x-amz-target: (\S+)", request)
        wire.send(answer(body=answers[target[1]]) if target else answer())


@pytest.fixture(scope="module")
def layer() -> Path:
    """The built layer's packages."""
    build()
    return BUILT.parent / "BridgeLayer" / "python"


@pytest.fixture(scope="module")
def loaded(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the modules that are loaded once ingest has delivered an event."""
    folder = tmp_path_factory.mktemp("function")
    runtime = runtime_folder(folder / "runtime")
    (folder / "destination.json").write_bytes(
        (ROOT / "layers" / "destination" / "destination.json").read_bytes()
    )
    body = (ROOT / "events" / "track-order-completed.json").read_text()
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha1).hexdigest()
    event = {
        "function": str(ROOT / "functions" / "ingest"),
        "rawPath": "/segment",
        "headers": {"content-type": "application/json", "x-signature": signature},
        "requestContext": {"http": {"method": "POST"}, "timeEpoch": 1_800_000_000_000},
        "body": body,
        "isBase64Encoded": False,
    }
    with ScriptedServer(service) as server:
        ran = subprocess.run(
            [sys.executable, "-S", "-c", PROGRAM],
            input=json.dumps(event),
            env={
                **environment("IngestFunction"),
                "PYTHONPATH": f"{layer}:{runtime}",
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "made-up",
                "AWS_SECRET_ACCESS_KEY": "made-up",
                "AWS_ENDPOINT_URL": server.url,
                "REHOOK_URL": server.url,
                "DESTINATION_FILE": str(folder / "destination.json"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stderr)
    assert json.loads(told["answer"]["body"])["delivered"] == 1, told["answer"]
    modules: list[str] = told["modules"]
    return modules


def test_only_what_delivers_an_event_is_loaded(loaded: list[str]) -> None:
    """No package of the AWS library's, no other HTTP client, and none that an error alone needs."""
    standard = sys.stdlib_module_names | {"__main__", "app", "_colorize", "_opcode_metadata"}
    packages = {name.partition(".")[0] for name in loaded} - standard
    assert packages <= PACKAGES
    assert [name for name in loaded if name.startswith("botocore.")] == []


def test_no_part_of_the_standard_library_that_takes_long_is_loaded(loaded: list[str]) -> None:
    """What is barred is needed by nothing that a delivered event goes through."""
    parts = {".".join(name.split(".")[:depth]) for name in loaded for depth in (1, 2)}
    assert parts & BARRED == set()


def test_the_number_of_modules_stays_in_its_budget(loaded: list[str]) -> None:
    """Each module costs a look-up, a read and its execution."""
    assert len(loaded) <= MAX_MODULES


def test_no_folder_of_the_layer_is_there_for_nothing(layer: Path) -> None:
    """Of each folder with code, one of the two functions loads something.

    Liquid is loaded for a mapping that has a template. tzdata holds data, which is read for a
    time zone.
    """
    imports = "import sys, segment_rehook.wiring, segment_rehook.mapping.liquid.template"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", f"{imports}; print(*sys.modules.values())"],
        env={"PYTHONPATH": str(layer)},
        capture_output=True,
        text=True,
        check=True,
    )
    used = {Path(file).parent for file in re.findall(r"from '([^']+)'", ran.stdout)}
    with_code = {file.parent for file in layer.rglob("*.py") if "tzdata" not in file.parts}
    assert with_code - used == set()
