"""The devices ``cpp_standalone`` and ``cuda_standalone``: a compiled program, run once per chunk.

The program is built once and kept in a cache folder, with a manifest of its arrays. Each chunk is a
process of its own: every array of the state and every table goes in through the program's command
line (Brian's ``run_args``), and comes back out as files. Brian's clock, its random generators and
its own silent failures need care, in three pieces of code inserted into the generated main program
(``_restore_clock`` and friends) and in the checks around ``StandaloneProgram.run``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np

from snn_credit.errors import InputError
from snn_credit.leftovers import owned, sweep
from snn_credit.programs import programs_folder
from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.devices import cuda, toolchain
from snn_credit.spiking.devices.borrowed import brian_settings
from snn_credit.spiking.devices.build import TOKEN, Built, Shape, build, expected_state
from snn_credit.spiking.devices.child import run_child
from snn_credit.spiking.devices.program import (
    Events,
    Result,
    State,
    check_arrays,
    chunk_seed,
    first_state,
)
from snn_credit.spiking.devices.races import check_races
from snn_credit.spiking.devices.room import room_for

_MANIFEST = "manifest.json"
_BUILDING, _RUNNING = "building-", "snn_credit_"


@dataclass(frozen=True)
class Array:
    """One array of a built program: its size, type, the argument that sets it, its result file."""

    size: int
    dtype: str
    argument: str
    file: str


@dataclass(frozen=True)
class Manifest:
    """What a built program reads and writes."""

    executable: str
    state: dict[str, Array]
    tables: dict[str, Array]
    monitors: dict[str, dict[str, Array]]


def open_standalone(circuit: Circuit, shape: Shape, device: str) -> StandaloneProgram:
    """Build a circuit's program, or find it in the cache.

    Raises
    ------
    InputError
        If the compiler, the GPU or a folder for the program is not there, or the circuit does what
        a GPU would get wrong.
    """
    if device == "cuda_standalone":
        check_races(circuit)
    folder = programs_folder() / f"{device}-{_key(circuit, shape, device)}"
    if not (folder / _MANIFEST).exists():
        _build_into(folder, circuit, shape, device)
    return StandaloneProgram(folder, circuit, shape)


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"SNN_CREDIT_CACHE: a folder that can be written (got {folder}: {error.strerror})"
    )


def _key(circuit: Circuit, shape: Shape, device: str) -> str:
    """Hash everything that the built program depends on; initial values are not part of it."""
    parts: list[Any] = [
        _sources(),
        device,
        toolchain.versions(device),
        asdict(shape),
        float(circuit.dt),
        circuit.order,
        sorted(circuit.columns.items()),
    ]
    for p in circuit.populations:
        constants = sorted(
            (name, repr(np.asarray(value).tolist()), str(b2.get_dimensions(value)))
            for name, value in p.constants.items()
        )
        parts.append(
            (
                p.name,
                p.size,
                p.equations,
                p.integrate,
                p.spike,
                p.threshold,
                p.reset,
                p.refractory,
                p.method,
                p.steps,
                p.cleared,
                sorted(p.links.items()),
                constants,
                p.exact,
                sorted(p.events.items()),
            )
        )
    for q in circuit.projections:
        ends = [
            None if a is None else hashlib.sha256(np.asarray(a).tobytes()).hexdigest()
            for a in (q.pre, q.post)
        ]
        parts.append((q.name, q.source, q.target, q.equations, q.pathways, ends))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _sources() -> str:
    """Hash the code that turns a circuit into a program, so that none is kept past a change."""
    folder = Path(__file__).parent
    files = sorted(folder.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _build_into(folder: Path, circuit: Circuit, shape: Shape, device: str) -> None:
    """Build in a folder beside, then rename: a build that was stopped is never taken for whole."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep(folder.parent, _BUILDING)
        beside = Path(tempfile.mkdtemp(prefix=owned(_BUILDING), dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder.parent, error) from error
    try:
        manifest = _translate_and_compile(beside, circuit, shape, device)
        for made in ("*.o", "*.gch"):
            for file in beside.rglob(made):
                file.unlink()
        (beside / _MANIFEST).write_text(json.dumps(asdict(manifest)))
        _put(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _put(beside: Path, folder: Path) -> None:
    """Move a whole program to its place, unless another process was faster."""
    if folder.exists() and not (folder / _MANIFEST).exists():
        # What is left of a program whose removal was stopped.
        shutil.rmtree(folder)
    try:
        beside.rename(folder)
    except OSError:
        if not (folder / _MANIFEST).exists():
            raise


def _translate_and_compile(
    directory: Path, circuit: Circuit, shape: Shape, device: str
) -> Manifest:
    """Have Brian write and compile the program. Brian's device is global: it is put back."""
    with brian_settings(circuit, shape.dtype), toolchain.active(device) as brian_device:
        built = build(circuit, shape)
        brian_device.apply_run_args()
        brian_device.insert_code("main", toolchain.KINDS[device].SEED)
        brian_device.insert_code("before_network_run", _restore_clock(circuit, built))
        built.network.run(shape.steps * circuit.dt, namespace={})
        toolchain.compile_program(brian_device, device, directory)
        return _manifest(circuit, built, brian_device)


def _restore_clock(circuit: Circuit, built: Built) -> str:
    """Return code that sets the clock to the chunk's beginning, which is in every ``t0``."""
    t0 = f"_array_{circuit.populations[0].name}_t0[0]"
    clock = b2.defaultclock.name
    return "\n".join(
        (
            f"{built.network.name}.t = {t0};",
            f"_array_{clock}_t[0] = {t0};",
            f"_array_{clock}_timestep[0] = (int64_t)({t0}/_array_{clock}_dt[0] + 0.5);",
        )
    )


def _manifest(circuit: Circuit, built: Built, device: Any) -> Manifest:
    def array(variable: Any, size: int) -> Array:
        return Array(
            size,
            np.dtype(variable.dtype).str,
            f"{variable.owner.name}.{variable.name}",
            device.get_array_filename(variable),
        )

    expected = expected_state(circuit, built)
    monitors = {}
    for (population, event), monitor in built.monitors.items():
        names = ("i", "t", *sorted(monitor.record_variables - {"i", "t"}))
        monitors[f"{population}.{event}"] = {
            name: array(monitor.variables[name], 0) for name in names
        }
    return Manifest(
        "main",
        {key: array(variable, expected[key][0]) for key, variable in built.state.items()},
        {
            name: Array(table.values.size, table.values.dtype.str, f"{name}.values", "")
            for name, table in built.tables.items()
            if table in device.timed_arrays
        },
        monitors,
    )


class StandaloneProgram:
    """A built program and how to run it for one chunk."""

    folder: Path
    circuit: Circuit
    shape: Shape
    executable: Any
    arrays: dict[str, Array]
    tables: dict[str, Array]
    monitors: dict[str, dict[str, Array]]

    def __init__(self, folder: Path, circuit: Circuit, shape: Shape) -> None:
        self.folder, self.circuit, self.shape = folder.resolve(), circuit, shape
        sweep(Path(tempfile.gettempdir()), _RUNNING)
        read = json.loads((folder / _MANIFEST).read_text())
        self.executable = read["executable"]
        self.arrays = {key: Array(**a) for key, a in read["state"].items()}
        self.tables = {key: Array(**a) for key, a in read["tables"].items()}
        self.monitors = {
            key: {name: Array(**a) for name, a in group.items()}
            for key, group in read["monitors"].items()
        }

    def initial_state(self) -> State:
        """Return the state at time 0."""
        expected = {key: (a.size, np.dtype(a.dtype)) for key, a in self.arrays.items()}
        return first_state(self.circuit, expected)

    def run(self, state: State, tables: State, start: int, seed: int) -> Result:
        """Run the chunk that begins at time step ``start``, in a process of its own.

        It works in a folder of its own, so that names of files go in without their path: programs
        of brian2cuda make the arguments' values lower case.

        Raises
        ------
        RuntimeError
            If the program fails, or what comes back is not what it was given to change.
        OSError
            If it does so because the folder for temporary files is full.
        """
        seed = chunk_seed(seed, start // self.shape.steps)
        t0 = np.array([start * float(self.circuit.dt)])
        token = np.array([float(seed) + 0.5])
        given = {**state, **{f"{p.name}.t0": t0 for p in self.circuit.populations}}
        given[self._token] = token
        largest = max(a.size * np.dtype(a.dtype).itemsize for a in self.arrays.values())
        with (
            tempfile.TemporaryDirectory(prefix=owned(_RUNNING)) as name,
            room_for(work := Path(name), largest),
        ):
            arguments = self._write(work, "s", self.arrays, given)
            # A table that nothing reads is not in the program.
            arguments += self._write(work, "t", self.tables, {k: tables[k] for k in self.tables})
            (work / "out").mkdir()
            (work / "static_arrays").symlink_to(self.folder / "static_arrays")
            run_child(
                [str(self.folder / self.executable), "--results_dir", "out/", *arguments],
                cwd=work,
                seed=seed,
                variables=cuda.child_environment(self.folder),
            )
            after = {key: _read(work / "out", array) for key, array in self.arrays.items()}
            events = self._events(work / "out")
        if after[self._token][0] != token[0]:
            raise RuntimeError(f"{self.executable}: did not take the state that it was given")
        return Result(after, events)

    @property
    def _token(self) -> str:
        return f"{self.circuit.populations[0].name}.{TOKEN}"

    @staticmethod
    def _write(work: Path, prefix: str, arrays: Mapping[str, Array], given: State) -> list[str]:
        """Write the arrays as files and return the arguments that name them."""
        expected = {key: (a.size, np.dtype(a.dtype)) for key, a in arrays.items()}
        arguments = []
        for number, (key, array) in enumerate(check_arrays(expected, given).items()):
            # Not tofile, which says nothing where a small array does not fit on the disk.
            (work / f"{prefix}{number}").write_bytes(array.data)
            arguments.append(f"{arrays[key].argument}={prefix}{number}")
        return arguments

    def _events(self, out: Path) -> Events:
        events: Events = {}
        for key, arrays in self.monitors.items():
            population, _, event = key.partition(".")
            read = {
                name: np.fromfile(out / array.file, array.dtype) for name, array in arrays.items()
            }
            # On a GPU, the events of one time step come in any order.
            order = np.lexsort((read["i"], read["t"]))
            events[population, event] = {name: values[order] for name, values in read.items()}
        return events


def _read(folder: Path, array: Array) -> Any:
    values = np.fromfile(folder / array.file, array.dtype)
    if values.size != array.size:
        raise RuntimeError(f"{array.argument}: {array.size} values came back as {values.size}")
    return values
