"""The command line in a process that kills itself: `python killed_after.py BATCHES ARGUMENTS`, after so many."""

from __future__ import annotations

import os
import signal
import sys

from archsearch.cli import main, progress


class Counting(progress.Progress):
    """Shows how it goes, and kills the process."""

    left: int

    def step(self, done: int, total: int) -> None:
        super().step(done, total)
        Counting.left -= 1
        if Counting.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Counting.left = int(sys.argv.pop(1))
    progress.Progress = Counting  # type: ignore[misc]
    main()
