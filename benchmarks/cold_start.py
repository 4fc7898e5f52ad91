"""How long a check takes from a cold start, and how fast candidates are judged, beside importing torch.

Run it with `python benchmarks/cold_start.py`. All figures are ratios to `python -c "import torch"` in the same
run, the median of several starts of each, taken in turns.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median

from archsearch.space.space import Space

STARTS = 5
SENTENCE = "conv(24) conv(44, stride=2) residual(sep(44) sep(44)) conv(64, stride=2, dilation=2) head()"


def seconds(command: list[str]) -> float:
    """Run a command to its end."""
    started = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the ratios."""
    check = [str(Path(sys.executable).parent / "archsearch"), "check", SENTENCE]
    torch = [sys.executable, "-c", "import torch"]
    times = [(seconds(check), seconds(torch)) for _ in range(STARTS)]
    import_torch = median(there for _, there in times)
    ratio = median(here for here, _ in times) / import_torch
    print(f"archsearch check SENTENCE, from a cold start: {ratio:.2f} of importing torch")

    space = Space.find("era_s9")
    started = time.perf_counter()
    for network in islice(space.sample(seed=0), 300):
        space.check(network)
    judged = 300 / (time.perf_counter() - started)
    print(f"candidates of era_s9 drawn and judged in the time of importing torch: {judged * import_torch:,.0f}")


if __name__ == "__main__":
    main()
