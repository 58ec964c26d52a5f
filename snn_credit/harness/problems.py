"""Errors of the system, said as a person needs them."""

from __future__ import annotations

import errno
import os
import re

_EXPECTED = {
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room within the disk quota",
    errno.EFBIG: "room within the file size limit",
    errno.EROFS: "a place that can be written",
    errno.EACCES: "a place that may be read and written",
    errno.EPERM: "a place that may be read and written",
    errno.ENOENT: "something that exists",
    errno.ENOTDIR: "a folder",
    errno.EISDIR: "a file",
    errno.ENAMETOOLONG: "a shorter name",
}


def disk_problem(error: BaseException) -> OSError | None:
    """Return the system's error in ``error``; None when it is something else.

    HDF5 reports a full disk as OSError or RuntimeError with the number in its text only.
    """
    found = re.search(r"errno = (\d+)", str(error))
    if isinstance(error, (OSError, RuntimeError)) and found and not getattr(error, "errno", None):
        number = int(found[1])
        name = re.search(r"name = '([^']*)'", str(error))
        return OSError(number, os.strerror(number), name[1] if name else None)
    return error if isinstance(error, OSError) else None


def one_line(error: OSError) -> str:
    """Return ``where: what was expected (got what came)``."""
    where = error.filename if isinstance(error.filename, str | os.PathLike) else "system"
    came = error.strerror or " ".join(str(error).split()) or type(error).__name__
    expected = _EXPECTED.get(error.errno or 0, "a file or connection that works")
    return f"{where}: {expected} (got {came})"
