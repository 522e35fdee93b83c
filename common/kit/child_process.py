"""Child processes that never outlive their parent, not even when the parent is killed.

The kernel sends the chosen signal to the child when the thread that started it ends (PR_SET_PDEATHSIG on Linux;
elsewhere a child whose parent was killed must be ended by hand). Start children from the main thread only.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_ORPHAN_STATUS = 70


def die_with_parent(how: signal.Signals = signal.SIGKILL, *, parent: int | None = None) -> Callable[[], None]:
    """Return what a new child runs before its program starts (`preexec_fn`), so that it ends with its parent.

    Args:
        how: The signal the child gets when the parent ends.
        parent: Process id of the parent; this process unless told.
    """
    parent = parent or os.getpid()

    def bind() -> None:
        if hasattr(_LIBC, "prctl"):
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(_ORPHAN_STATUS)  # The parent ended between fork and prctl.

    return bind
