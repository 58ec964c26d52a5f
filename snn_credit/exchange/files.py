"""Which format a file has, by its name or its content."""

from __future__ import annotations

from pathlib import Path

import h5py

from snn_credit.errors import InputError, one_of
from snn_credit.exchange.contents import new_file
from snn_credit.exchange.nwb_reader import read_nwb
from snn_credit.exchange.nwb_writer import write_nwb
from snn_credit.exchange.sonata import read_sonata, write_sonata
from snn_credit.exchange.tables import metrics_frame, spikes_frame, stream_frame
from snn_credit.recording import Run

_ENDINGS = {".nwb": "nwb", ".sonata.h5": "sonata", ".sonata": "sonata", ".csv": "csv"}


def export_run(
    run: Run, out: Path, *, to: str | None = None, table: str | None = None, force: bool = False
) -> None:
    """Write a run in the format ``to``, else in that of the ending of ``out``.

    Parameters
    ----------
    run : Run
    out : Path
    to : 'nwb', 'sonata' or 'csv', optional
    table : str, optional
        What to write as CSV: ``spikes``, ``stream`` or a table of metrics, such as ``learning``.
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If the format is not known, the table is missing or not there, or ``out`` is.
    """
    named = next((kind for end, kind in _ENDINGS.items() if out.name.endswith(end)), None)
    kind = to or named
    if kind is None:
        raise InputError(f"-o: a name that ends in {', '.join(_ENDINGS)}, or --to (got {out})")
    if kind not in _ENDINGS.values():
        raise InputError(f"--to: {one_of(kind, dict.fromkeys(_ENDINGS.values()))} (got {kind!r})")
    if table is None and kind == "csv":
        raise InputError(f"--table: {one_of('', _tables(run))} (got none)")
    if table is not None and kind != "csv":
        raise InputError(f"--table: for csv, and for nothing else (got {table!r} for {kind})")
    if kind == "nwb":
        write_nwb(run, out, force=force)
    elif kind == "sonata":
        write_sonata(run, out, force=force)
    elif table is not None:
        _write_csv(run, out, table, force)


def _tables(run: Run) -> list[str]:
    return [*run.names("metrics"), "spikes", "stream"]


def _write_csv(run: Run, out: Path, table: str, force: bool) -> None:
    if table not in _tables(run):
        raise InputError(f"--table: {one_of(table, _tables(run))} (got {table!r})")
    made = {"spikes": spikes_frame, "stream": stream_frame}
    frame = made[table](run) if table in made else metrics_frame(run, table)
    with new_file(out, force, run.path) as draft:
        frame.to_csv(draft, index=False)


def import_file(
    source: Path, out: Path, *, kind: str | None = None, population: str | None = None,
    label: str | None = None, force: bool = False,
) -> Run:  # fmt: skip
    """Make a run file of an NWB or a SONATA file.

    Parameters
    ----------
    source, out : Path
    kind : 'nwb' or 'sonata', optional
        What the file is, if nothing is said.
    population, label : str, optional
        As in `read_nwb`.
    force : bool
        Replace a file that is there.

    Raises
    ------
    InputError
        If the file is of no known format or cannot be read, or ``out`` is there.
    """
    kind = kind or _kind(source)
    if kind == "nwb":
        return read_nwb(source, out, population=population, label=label, force=force)
    if kind != "sonata":
        raise InputError(f"--format: {one_of(kind, ('nwb', 'sonata'))} (got {kind!r})")
    for name, value in (("--population", population), ("--label", label)):
        if value is not None:
            raise InputError(f"{name}: a column of an NWB file (got {value!r} for sonata)")
    return read_sonata(source, out, force=force)


def _kind(source: Path) -> str:
    try:
        with h5py.File(source, "r") as file:
            found = "nwb" if "nwb_version" in file.attrs else "sonata" if "spikes" in file else None
    except OSError as error:
        came = "no such file" if not source.exists() else "one that is not HDF5"
        raise InputError(f"{source}: expected an NWB or a SONATA file (got {came})") from error
    if found is None:
        raise InputError(f"{source}: expected an NWB or a SONATA file (got another HDF5 file)")
    return found
