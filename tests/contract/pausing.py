"""Pause a process so that nothing of it runs on."""

import os
import signal


def pause(process) -> None:
    """Send STOP and wait until the last thread stands; a signal alone returns while some still run.

    Args:
        process: A child of this process with `pid` and `send_signal`.
    """
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
