"""What is there is measured on every network asked for; what is not is named."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bindsnet_environment
from bandwidth import Bandwidth, ProcessorBandwidth, gpu_bandwidth
from contenders import BINDSNET, PLAIN, PLAIN_FLOAT32, Contender
from cost import Net
from floors import floor_of, relate
from machine import machine
from report import Result
from rows import Row, Skipped, compare
from sweep import nets, swept

from snn_credit.devices import available_devices
from snn_credit.errors import InputError

#: What costs much more a step than C++ and starts sooner needs fewer steps.
_SHARE = {"runtime": 20, "runtime:cython": 4, BINDSNET: 4}
_SHORTER = 4


def say(line: str) -> None:
    """Tell a person what is going on."""
    print(line, file=sys.stderr, flush=True)


def lengths(name: str, net: Net, steps: int | None) -> tuple[int, int]:
    """Return the two numbers of steps to time: enough for a second or so on C++, or as given."""
    many = steps or round(1.6e6 / net.plastic**0.5)
    many = max(2 * _SHORTER, many // _SHARE.get(name, 1))
    return many // _SHORTER, many


def missing(names: Sequence[str]) -> dict[str, str]:
    """Return why contenders that are not there are not, by name."""
    reasons = {one.name: one.about for one in available_devices() if not one.available}
    if bindsnet_environment.find() is None:
        reasons[BINDSNET] = "needs an environment of its own (--install-bindsnet makes it)"
    return {name: reasons[name] for name in names if name in reasons}


def measure(given: Namespace, folder: str) -> Result:
    """Measure what was asked for."""
    asked = [given.sweep] if given.sweep else list(dict.fromkeys([PLAIN, *given.contenders]))
    not_there = missing(asked)
    skipped = [Skipped("", name, reason) for name, reason in not_there.items()]
    for one in skipped:
        say(f"{one.contender} skipped: {one.reason}")
    names = [name for name in asked if name not in not_there]
    if not names:
        raise InputError(f"sweep: a device that is there (got {given.sweep})")
    networks = nets(given.widths, given.depths) if given.sweep else given.sizes
    memory = _memory(Path(folder), given.bandwidth_mb)
    rows: list[Row] = []
    for net in networks:
        found, failed = compare(
            [_contender(name, net, given, folder) for name in names], given.repeats, say
        )
        rows, skipped = rows + found, skipped + failed
        if memory:
            memory.measure()
    bandwidth = memory.best() if memory else []
    if any("cuda" in row.contender for row in rows):
        bandwidth += _gpu(given.bandwidth_mb)
    floors = []
    for net in networks:
        here = [row for row in rows if row.network == str(net)]
        if here and bandwidth:
            floors.append(floor_of(net, here, bandwidth))
        relate(here, floors[-1] if here and bandwidth else None)
    settings = {"repeats": given.repeats, "bandwidth_mb": given.bandwidth_mb}
    result = Result(machine(), settings, bandwidth, floors, rows, skipped)
    if given.sweep:
        try:
            return replace(result, sweep=swept(given.sweep, rows))
        except InputError as error:
            say(f"no fit: {error}")
    return result


def _contender(name: str, net: Net, given: Namespace, folder: str) -> Contender:
    # BindsNET computes in float32; the plain script has a name for each type.
    fixed = {PLAIN: "float64", PLAIN_FLOAT32: "float32", BINDSNET: "float32"}
    dtype: str = given.dtype
    return Contender(
        name,
        str(net),
        fixed.get(name, dtype),
        lengths(name, net, given.steps),
        # Two when it is built, or one to warm up and the repeats.
        max(2, given.repeats + 1),
        tempfile.mkdtemp(prefix=f"{name.replace(':', '-')}-{net}-", dir=folder),
        str(bindsnet_environment.find() or ""),
    )


def _memory(folder: Path, megabytes: int) -> ProcessorBandwidth | None:
    try:
        probe = ProcessorBandwidth(folder, megabytes)
    except InputError as error:
        say(f"no floor: {error}")
        return None
    probe.measure()
    return probe


def _gpu(megabytes: int) -> list[Bandwidth]:
    try:
        return [gpu_bandwidth(megabytes)]
    except (AssertionError, RuntimeError) as error:
        say(f"no floor for the GPU: torch says {str(error).splitlines()[0]}")
        return []
