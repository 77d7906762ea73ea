"""`python -m tools.deploy_test`: deploys into an emulator. Exit code 0 if all steps hold."""

from __future__ import annotations

import argparse
import sys
import time

from tools.deploy_test import more_stacks, one_stack
from tools.deploy_test.run import DeployRun
from tools.deploy_test.testbed import StepFailed, Testbed


def main() -> int:
    """Run the steps, and print a line for each. Gives the exit code."""
    parser = argparse.ArgumentParser(prog="make deploy-test", description=__doc__)
    parser.add_argument("--keep-going", action="store_true", help="go on after a step that fails")
    parser.add_argument("--log", action="store_true", help="print the emulator's log if one fails")
    wanted = parser.parse_args()
    began, failed = time.monotonic(), 0
    try:
        testbed = Testbed()
    except StepFailed as error:
        print(error)
        return 1
    try:
        run, steps = DeployRun(testbed), (*one_stack.STEPS, *more_stacks.STEPS)
        for number, step in enumerate(steps, 1):
            start = time.monotonic()
            trouble = ""
            try:
                step(run)
            except Exception as error:  # noqa: BLE001 — any error is a failure of this step
                trouble = str(error) if isinstance(error, StepFailed) else repr(error)
                failed += 1
            took = time.monotonic() - start
            said = "FAILED" if trouble else "ok"
            print(f"{number:2}/{len(steps)} {said:6} {took:5.1f} s  {step.__doc__}", flush=True)
            if trouble:
                print("    " + trouble.replace("\n", "\n    "), flush=True)
                if not wanted.keep_going:
                    break
        if failed and wanted.log:
            print(testbed.log.read_text(encoding="utf-8", errors="replace")[-20_000:])
    except KeyboardInterrupt:
        failed += 1
    finally:
        testbed.close()
    took = time.monotonic() - began
    print(f"{'FAILED' if failed else 'all steps hold'}, {took:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
