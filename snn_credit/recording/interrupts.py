"""ctrl-C while HDF5 calls back into Python.

HDF5 does not survive an exception in what it calls: the file cannot be closed, and the process
crashes as it ends. So there ctrl-C waits until HDF5 has returned. It waits for callbacks of weak
references, too: Python drops what they raise, and h5py has many.
"""

from __future__ import annotations

import os
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_RETRY_S = 0.01


@contextmanager
def patient_interrupts(*called_back: type) -> Iterator[None]:
    """Let ctrl-C wait while a method of one of these classes runs.

    Does nothing outside the main thread, and where ctrl-C is handled in another way.
    """
    default = signal.default_int_handler
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not default:
        yield
        return
    codes = {
        method.__code__
        for one in called_back
        for method in vars(one).values()
        if hasattr(method, "__code__")
    }

    waiting: list[threading.Timer] = []

    def stop(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code in codes or frame.f_code.co_filename == weakref.__file__:
                again = threading.Timer(_RETRY_S, os.kill, (os.getpid(), number))
                again.daemon = True
                waiting[:] = [again]
                again.start()
                return
            frame = frame.f_back
        waiting.clear()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        for timer in waiting:
            timer.cancel()
            timer.join()
        signal.signal(signal.SIGINT, default)
    if waiting:  # it came, and there was no time for it
        raise KeyboardInterrupt
