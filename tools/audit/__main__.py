"""`python -m tools.audit`: runs bandit, checkov and pip-audit.

Each runs, whatever the others find. `make audit` installs them into an environment of their own,
.cache/audit. Rules that are switched off have their reasons in pyproject.toml (bandit) and in
.checkov.yaml. The exit code is 0 if nothing was found.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import urllib3

from tools.audit.translated import ROOT, translated

INSTALLED = ROOT / ".cache" / "audit" / "bin"
SHIPPED = ("layers/bridge/segment_rehook", "functions")
DEPLOYED = "layers/bridge/requirements.txt"
ADVISORIES = "https://pypi.org/pypi/{}/{}/json"
"""Where pip-audit asks for the advisories of a version. A mirror of PyPI may not have them."""


def bandit() -> bool:
    """Whether the shipped code has none of the weaknesses that bandit knows."""
    return _passes("bandit", "-q", "-c", "pyproject.toml", "-r", *SHIPPED)


def checkov() -> bool:
    """Whether the template, as CloudFormation is given it, follows checkov's rules."""
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch) / "template.json"
        template.write_text(json.dumps(translated(), indent=1), encoding="utf-8")
        return _passes("checkov", "--config-file", ".checkov.yaml", "-f", str(template))


def pip_audit() -> bool:
    """Whether no advisory is known for a package that is deployed.

    If the advisories can't be reached, prints that, and gives True.
    """
    lock = (ROOT / DEPLOYED).read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE)
    if not _answers(ADVISORIES.format(*pinned[0])):
        print("pip-audit: not run, PyPI's advisories can't be reached from here", flush=True)
        return True
    return _passes("pip-audit", "--strict", "--disable-pip", "--require-hashes", "-r", DEPLOYED)


def _passes(tool: str, *arguments: str) -> bool:
    code = subprocess.run([INSTALLED / tool, *arguments], cwd=ROOT, check=False).returncode
    print(f"{tool}: {'found something' if code else 'nothing found'}", flush=True)
    return not code


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=10.0, retries=False).status == 200  # noqa: PLR2004 — HTTP's own figure
    except urllib3.exceptions.HTTPError:
        return False


if __name__ == "__main__":
    sys.exit(not all([bandit(), checkov(), pip_audit()]))
