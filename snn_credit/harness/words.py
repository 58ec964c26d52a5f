"""What is said to a person, and what files are called."""

from __future__ import annotations


def roughly(seconds: float) -> str:
    """Return a time as one would say it: whole minutes up to two hours, then whole hours."""
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def file_name(name: str) -> str:
    """Return a name that a file can have: small letters and digits, the rest underscores."""
    return "".join(c if c.isalnum() else "_" for c in name.lower())
