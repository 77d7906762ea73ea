"""`python -m tools.fuzz.surface`: sends the running sandbox all kinds of requests of openapi.yaml.

Checks that no answer is a 5xx and that each answer is as the document says. `make fuzz` makes what
this needs: the native build, and an environment with schemathesis. Takes some two minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from segment_rehook.aws.parameters import SecretName
from tools.sandbox import Sandbox

DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
TOKEN = "token-of-the-fuzzer"  # noqa: S105 — of this sandbox, which ends with the run
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def main() -> int:
    """Run schemathesis on a new sandbox, and give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.surface", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="random requests per operation")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is drawn")
    given = parser.parse_args()
    if importlib.util.find_spec("schemathesis") is None:
        print("schemathesis is not installed here: run `make fuzz`", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as sandbox:
        sandbox.put_secret(SecretName.TOKENS, TOKEN)
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT)]
        command += ["--url", sandbox.url, "--header", f"Authorization: Bearer {TOKEN}"]
        command += ["--checks", ",".join(CHECKS), "--seed", str(given.seed)]
        command += ["--max-examples", str(given.examples)]
        return subprocess.run(command, check=False, cwd=scratch).returncode


if __name__ == "__main__":
    sys.exit(main())
