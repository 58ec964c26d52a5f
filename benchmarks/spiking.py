"""Speed and memory of the spiking path, side by side with what else there is.

    python benchmarks/spiking.py --plot side_by_side.png --markdown table.md --json all.json
    python benchmarks/spiking.py --sizes 784-300-300-100 --contenders plain cpp_standalone
    python benchmarks/spiking.py --sweep cpp_standalone --widths 100 200 400 800 --depths 1 2 3
    python benchmarks/spiking.py --rules --markdown rules.md --json rules.json
    python benchmarks/spiking.py --install-bindsnet

The network is that of Lillicrap et al. 2016, Fig 4, learning by FA all the time from random
images: a plain Brian script, every device of this package, and as much of it as BindsNET has
(``bindsnet_network.py`` says what). Each contender runs for two lengths; the slope between them is
the time of a step, the rest is what a chunk costs beside its steps (start of the program, state in
and out). Runs of all contenders are interleaved and the median counts, so that a busy machine slows
all of them alike. Processor time is given beside the time on the clock for the same reason. What
is built is built in processes of its own, in an empty cache; peak memory is that of a process that
runs it once. The memory's bandwidth is measured in between, for the floor.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import bindsnet_environment
import rule_costs
from contenders import BINDSNET, NAMES, PLAIN, PLAIN_FLOAT32
from cost import Net
from measuring import measure, say
from report import Result, as_json, markdown, text
from rule_costs import RULES
from sweep import nets
from tables import markdown_table, plain_table

from snn_credit.errors import InputError

SIZES = ("64-100-100-100", "784-300-300-100", "784-500-500-500-1000", "784-1500-1500-1500-1000")
WIDTHS, DEPTHS = (100, 200, 400, 800), (1, 2, 3)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    devices = [name for name in NAMES if name not in (PLAIN, PLAIN_FLOAT32, BINDSNET)]
    parser = argparse.ArgumentParser(description="Speed and memory of the spiking path.")
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument(
        "--contenders",
        nargs="+",
        default=NAMES,
        choices=NAMES,
        metavar="NAME",
        help=f"of {', '.join(NAMES)}; default: all that are there",
    )
    parser.add_argument(
        "--sweep",
        choices=devices,
        metavar="DEVICE",
        help="one device over widths and depths, in place of the contenders",
    )
    parser.add_argument(
        "--rules",
        nargs="*",
        metavar="RULE",
        help=f"what rules cost relative to FA, in place of the contenders; default: {len(RULES)}",
    )
    parser.add_argument("--device", choices=devices, default="dense", help="of --rules")
    parser.add_argument("--widths", nargs="+", type=int, default=WIDTHS)
    parser.add_argument("--depths", nargs="+", type=int, default=DEPTHS, help="hidden layers")
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "float64"),
        help="of this package's devices",
    )
    parser.add_argument("--steps", type=int, help="of the longer of two runs; default: by size")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--bandwidth-mb",
        type=int,
        default=512,
        help="array for the memory's bandwidth, much larger than the caches",
    )
    parser.add_argument(
        "--install-bindsnet",
        action="store_true",
        help="make BindsNET's environment (.venv-bindsnet) first",
    )
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument("--plot", type=Path, help="draw ms a step against synapses (or the sweep)")
    given = parser.parse_args(arguments)  # fmt: skip
    for name, least in {"steps": 8, "repeats": 1, "bandwidth_mb": 16}.items():
        value = getattr(given, name)
        if value is not None and value < least:
            raise InputError(f"{name}: at least {least} (got {value})")
    if given.sweep:
        nets(given.widths, given.depths)
    if given.rules is None or given.sizes != SIZES:
        given.sizes = [Net.parse(sizes) for sizes in given.sizes]
    return given


def rules(given: argparse.Namespace) -> None:
    """Measure what rules cost, print the table, and write what was asked for."""
    net = Net.parse("784-300-300-100") if given.sizes == SIZES else given.sizes[0]
    steps = given.steps or 2000
    costs = rule_costs.measure(
        given.rules or RULES, net, given.device, given.dtype, steps, given.repeats, say
    )
    table = rule_costs.cells(costs)
    print(plain_table(table))
    if given.json:
        settings = {"network": str(net), "device": given.device, "dtype": given.dtype}
        found = rule_costs.as_json(costs, **settings, steps=steps, repeats=given.repeats)
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    if given.markdown:
        given.markdown.write_text(markdown_table(table) + "\n")


def write(result: Result, given: argparse.Namespace) -> None:
    """Print the tables, and write what was asked for."""
    print(text(result))
    if given.json:
        given.json.write_text(json.dumps(as_json(result), indent=2) + "\n")
    if given.markdown:
        given.markdown.write_text(markdown(result))
    if given.plot and result.rows:
        from plots import draw

        draw(result, given.plot)


def main() -> int:
    """Measure, print tables, and write JSON, Markdown and a figure where asked to."""
    try:
        given = parse()
        if given.install_bindsnet:
            say("BindsNET: making .venv-bindsnet (minutes, the first time)")
            bindsnet_environment.make()
        if given.rules is not None:
            rules(given)
            return 0
        with tempfile.TemporaryDirectory(prefix="snn_credit_bench_") as folder:
            write(measure(given, folder), given)
    except InputError as error:
        print(f"spiking.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
