"""A file with changes over it that are only in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator

PAGE = 16384

Pages = dict[int, bytearray]


class Overlay:
    """What h5py takes for a file: a file that stays as it is, and changed pages over it.

    Parameters
    ----------
    fd : int
        The file underneath, open for reading. It is never written here.
    pages : dict of int to bytearray
        Pages of ``PAGE`` bytes that replace those of the file.
    length : int
        Length of the file as seen from above, bytes.
    """

    def __init__(self, fd: int, pages: Pages, length: int) -> None:
        self._fd = fd
        self.pages = pages
        self.length = length
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to ``offset``, counted from the start, the present position or the end."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}[whence]
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """Return the present position."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes from here, fewer at the end (h5py itself calls `readinto`)."""
        left = max(self.length - self._position, 0)
        data = bytearray(left if size < 0 else min(size, left))
        self.readinto(data)
        return bytes(data)

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill ``buffer`` from here; what was never written reads as zeros."""
        view = memoryview(buffer).cast("B")
        size = max(min(len(view), self.length - self._position), 0)
        done = 0
        while done < size:
            count = os.preadv(self._fd, [view[done:size]], self._position + done)
            if count == 0:
                view[done:size] = bytes(size - done)
                break
            done += count
        for page, inside, start, stop in _pieces(self._position, size if self.pages else 0):
            if page in self.pages:
                view[start:stop] = self.pages[page][inside : inside + stop - start]
        self._position += size
        return size

    def write(self, data: bytes | memoryview) -> int:
        """Put ``data`` here, into the pages in memory."""
        view = memoryview(data).cast("B")
        for page, inside, start, stop in _pieces(self._position, len(view)):
            if page not in self.pages:
                whole = stop - start == PAGE
                self.pages[page] = bytearray(PAGE) if whole else self.underneath(page)
            self.pages[page][inside : inside + stop - start] = view[start:stop]
        self._position += len(view)
        self.length = max(self.length, self._position)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Set the length; bytes that this adds are unspecified until they are written."""
        self.length = self._position if size is None else size
        return self.length

    def flush(self) -> None:
        """Do nothing: only a commit writes to the file."""

    def underneath(self, page: int) -> bytearray:
        """Return a page as the file has it, zeros beyond its end."""
        return bytearray(os.pread(self._fd, PAGE, page * PAGE).ljust(PAGE, b"\0"))


def _pieces(position: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a range at page borders: page, offset in the page, and the piece's start and stop."""
    start = 0
    while start < size:
        page, inside = divmod(position + start, PAGE)
        stop = min(start + PAGE - inside, size)
        yield page, inside, start, stop
        start = stop
