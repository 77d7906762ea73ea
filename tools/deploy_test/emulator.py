"""``python -m tools.deploy_test.emulator``: ministack with its gaps filled.

A process of its own, since it is told everything through environment variables.
"""

from __future__ import annotations

import sys

from ministack import app

from tools.deploy_test.gaps import fill

if __name__ == "__main__":
    fill()
    sys.argv = ["ministack"]
    app.main()
