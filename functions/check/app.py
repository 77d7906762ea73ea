"""PreTrafficFunction: CodeDeploy calls it before any traffic goes to a new version.

It asks the new and the live version of each function for a report (`delivery/version_check.py` in
the layer): do they start, read the secrets and reach Rehook with the key pair, and what do they
make of the events in samples.ndjson? If anything is wrong, also with the check, it reports Failed,
and no traffic moves. It runs without the layers; boto3 is the one of Lambda's runtime.

A new version is refused for what is worse than in the live one. What is the same in both was not
made by the deployment, which may be the one that corrects it: a refused key pair, missing secrets
and an outage of Rehook are warnings then. If the live version gives no report (it crashes, or is
older than this check), the new one must be without fault.
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_lambda import LambdaClient

Report = dict[str, Any]
"""`mapping`: the version of the destination file. `secrets`: None, or why they can't be used.
`credentials`: True, False, None. `samples`: for each event, what each subscription makes of it. Or
`error` alone, if there is no report."""

FUNCTIONS = ("INGEST", "REDRIVE")
SAMPLES = Path(__file__).with_name("samples.ndjson")
CALL, MAPPING_ERROR = "call", "mapping_error"
# If one of these takes the place of a call, that is a mistake in the mapping, and not a rule.
MISTAKES = (MAPPING_ERROR, "invalid_fields", "missing_user_id")
# Both functions end within 60 s, and this one within its time-out of 240.
READ_SECONDS, ROUNDS, PAUSE_SECONDS = 65, 3, 5
MAX_ERROR_CHARACTERS = 500


class Pair(NamedTuple):
    """The reports of a function's new version and of its live one."""

    new: Report
    live: Report


def handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    """Check, and report to CodeDeploy. `event` has the ids of the deployment and of the hook."""
    client = boto3.client(
        "lambda", config=Config(read_timeout=READ_SECONDS, retries={"total_max_attempts": 1})
    )
    mappings: dict[str, str | None] = {}
    try:
        failures, mappings = check(client, os.environ, time.sleep)
    except Exception as error:  # noqa: BLE001 — without a report CodeDeploy would wait for an hour
        failures = [f"the check itself failed: {type(error).__name__}"]
    status = "Failed" if failures else "Succeeded"
    level = "ERROR" if failures else "INFO"
    log(level, "pre-traffic check", status=status, failures=failures, **mappings)
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status}


def check(
    client: LambdaClient, environment: Mapping[str, str], sleep: Callable[[float], object]
) -> tuple[list[str], dict[str, str | None]]:
    """Give the reasons why no traffic may move to the new versions; none if it may.

    Besides, give the versions of the new and of the live mapping, as the log's fields `mapping` and
    `live_mapping`; None where no function tells it.
    """
    samples = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines() if line.strip()]
    pairs = reports(client, environment, samples)
    for _ in range(ROUNDS - 1):
        if not any(undecided(pair) for pair in pairs.values()):
            break
        sleep(PAUSE_SECONDS)
        pairs = reports(client, environment, samples)
    failures = []
    for function, pair in pairs.items():
        if not any(CALL in each.values() for each in pair.new.get("samples", [])):
            log("WARNING", f"{function}: no event of {SAMPLES.name} makes a call")
        for sentence, in_both in judged(pair):
            if in_both:
                log("WARNING", f"{function}: {sentence}; so it is with the live version")
            else:
                failures.append(f"{function}: {sentence}")
    return failures, {
        "mapping": mapping(pair.new for pair in pairs.values()),
        "live_mapping": mapping(pair.live for pair in pairs.values()),
    }


def mapping(told: Iterable[Report]) -> str | None:
    """Give the version of the destination file, the same one for both functions."""
    return next((each["mapping"] for each in told if each.get("mapping")), None)


def reports(
    client: LambdaClient, environment: Mapping[str, str], samples: Sequence[object]
) -> dict[str, Pair]:
    """Ask all versions side by side. Gives the reports by the function's short name."""
    payload = json.dumps({"versionCheck": {"samples": samples}}).encode()
    names = [f"{function}_{which}" for function in FUNCTIONS for which in ("VERSION", "LIVE")]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = pool.map(lambda name: ask(client, environment[name], payload), names)
        found = dict(zip(names, answers, strict=True))
    return {
        function.lower(): Pair(found[f"{function}_VERSION"], found[f"{function}_LIVE"])
        for function in FUNCTIONS
    }


def ask(client: LambdaClient, version: str, payload: bytes) -> Report:
    """Ask one version, by its ARN. Whatever prevents a report is told in its place."""
    try:
        answer = client.invoke(FunctionName=version, Payload=payload)
        said = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            text = f"{said.get('errorType')}: {said.get('errorMessage')}"
            return {"error": text[:MAX_ERROR_CHARACTERS]}
        needed = {name: said[name] for name in ("secrets", "credentials", "samples")}
        # Versions of before this member have none.
        return needed | {"mapping": said.get("mapping")}
    except Exception as error:  # noqa: BLE001 — an unreadable answer is as bad as none
        return {"error": type(error).__name__}


def judged(pair: Pair) -> Iterator[tuple[str, bool]]:
    """Give a sentence for each fault of the new version, and whether the live one has it too."""
    new, live = pair
    if "error" in new:
        # Also if the live one gives none: then a version of before this check would be let through.
        yield f"the new version gives no report ({new['error']})", False
        return
    known = "error" not in live
    if new["secrets"] is not None:
        yield f"the secrets can't be used ({new['secrets']})", known and live["secrets"] is not None
    elif new["credentials"] is not True:
        how = "gives no clear answer" if new["credentials"] is None else "refuses the key pair"
        yield f"check-auth at Rehook {how}", known and live["credentials"] is not True
    for number, now in enumerate(new["samples"], start=1):
        before = live["samples"][number - 1] if known else {}
        yield from lost_calls(number, now, before)


def lost_calls(
    number: int, now: Mapping[str, str], before: Mapping[str, str]
) -> Iterator[tuple[str, bool]]:
    """Give what a new mapping does wrong with one sample event, as `judged` does."""
    for subscription, said in now.items():
        was = before.get(subscription)
        if said == MAPPING_ERROR or (said in MISTAKES and was == CALL):
            yield f"sample {number}: {subscription} makes no call ({said})", said == was


def undecided(pair: Pair) -> bool:
    """Whether check-auth gave no clear answer, so that asking again may help."""
    return any(
        "error" not in each and each["secrets"] is None and each["credentials"] is None
        for each in pair
    )


def log(level: str, message: str, **fields: object) -> None:
    """Write one line of JSON, as the other functions do."""
    print(json.dumps({"level": level, "service": "check", "message": message, **fields}))  # noqa: T201 — Lambda's log
