"""`make dashboard`: draw the template's dashboard with sample data, for the documentation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.cloudwatch.picture import picture

CHECKOUT = Path(__file__).parents[2]
PLOTTER = CHECKOUT / ".cache" / "bench" / "bin" / "python"
FIGURES = CHECKOUT / ".cache" / "dashboard.json"
DRAWN = CHECKOUT / "docs" / "images" / "dashboard.svg"


def main(out: Path) -> None:
    """Draw into a file; its ending says in which format."""
    FIGURES.write_text(json.dumps(picture(), ensure_ascii=False), encoding="utf-8")
    subprocess.run([PLOTTER, "-m", "tools.cloudwatch.draw", FIGURES, out], cwd=CHECKOUT, check=True)
    print(f"wrote {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else DRAWN)
