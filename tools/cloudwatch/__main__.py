"""`make dashboard`: draw the dashboard with sample data, and write the alarms' table anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.cloudwatch import pages
from tools.cloudwatch.picture import picture

CHECKOUT = Path(__file__).parents[2]
PLOTTER = CHECKOUT / ".cache" / "bench" / "bin" / "python"
FIGURES = CHECKOUT / ".cache" / "dashboard.json"
DRAWN = CHECKOUT / "docs" / "images" / "dashboard.svg"


def main(out: Path) -> None:
    """Draw into a file; its ending says in which format."""
    FIGURES.write_text(json.dumps(picture(), ensure_ascii=False), encoding="utf-8")
    subprocess.run([PLOTTER, "-m", "tools.cloudwatch.draw", FIGURES, out], cwd=CHECKOUT, check=True)
    pages.PAGE.write_text(pages.filled(pages.PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {out} and {pages.PAGE}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else DRAWN)
