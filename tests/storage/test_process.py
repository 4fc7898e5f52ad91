"""Whether the process that trains a network still runs."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import psutil

from archsearch.storage.process import Process


def test_a_process_has_ended_when_it_is_killed_though_nobody_waits_for_it() -> None:
    """Where nobody does, as in a container without an init, a killed run stays a zombie for ever."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        known = psutil.Process(child.pid)
        process = Process(Process.this().host, child.pid, known.create_time())
        assert process.has_ended() is False
        assert replace(process, started=process.started - 3600).has_ended()  # its number was given out again
        assert replace(process, host="another").has_ended() is None
        child.kill()
        while known.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert process.has_ended() is True
    assert process.has_ended() is True


def test_a_process_that_was_forked_is_another() -> None:
    program = (
        "import os; from archsearch.storage.process import Process; parent, child = Process.this(), os.fork()\n"
        "if not child: os._exit(Process.this().number != os.getpid() or Process.this() == parent)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
