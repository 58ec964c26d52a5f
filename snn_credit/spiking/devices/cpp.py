"""C++ programs: seeded, quickly compiled, and with plain loops where synapses are all-to-all.

Brian's C++ code copies the index of every synapse of every spike into a queue, and looks up both of
its neurons. Where every neuron connects to every neuron and there is no delay, the synapses of a
spike are neighbours in memory, and the compiler makes vector instructions of a plain loop. The
results are the same but for the order in which a neuron sums over its outgoing synapses.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from snn_credit.spiking.devices.child import SEED_VARIABLE

#: Code for the main program that seeds every random generator from the environment.
SEED = f"""
    if (const char* given = std::getenv("{SEED_VARIABLE}"))
        for (auto& generator : _random_generators)
            generator.seed(std::strtoul(given, nullptr, 10));
    """
_LOOKUP = re.compile(r"_(pre|post)synaptic_idx = \w+\[_idx\];")
_NEURON = {"pre": "_source", "post": "_target"}


@dataclass(frozen=True)
class Row:
    """What happens at the synapses of one source: before, at each of them, and after."""

    before: str
    each: str
    after: str


def row(code: str | list[str]) -> Row:
    """Split a pathway's code for a loop over the targets of one source.

    The indices of both neurons are the loops' own, and what belongs to the source is held in local
    variables meanwhile: the compiler cannot know that nothing else in the loop reads it.
    """
    text = code if isinstance(code, str) else "\n".join(code)
    text = _LOOKUP.sub(lambda found: f"_{found[1]}synaptic_idx = {_NEURON[found[1]]};", text)
    arrays = sorted(set(re.findall(r"(\w+)\[_presynaptic_idx\]", text)))
    own = [name for name in arrays if f"{name}[_postsynaptic_idx]" not in text]
    before, after = [], []
    for name in own:
        held = f"_held{name}"
        before.append(f"auto {held} = {name}[_source];")
        if re.search(rf"\b{name}\[_presynaptic_idx\] =[^=]", text):
            after.append(f"{name}[_source] = {held};")
        text = re.sub(rf"\b{name}\[_presynaptic_idx\]", held, text)
    return Row("\n".join(before), text, "\n".join(after))


class AllToAllCodeObject(CPPStandaloneCodeObject):
    """Brian's C++ code object with the templates of this package."""

    templater = CPPStandaloneCodeObject.templater.derive(
        "snn_credit.spiking.devices", env_globals={"row": row}
    )


#: The code object for synapses from every neuron to every neuron.
ALL_TO_ALL = AllToAllCodeObject

#: What every generated file includes. Read once and kept as the compiler's own memory image, it
#: makes the files compile three times as fast.
_HEADERS = """#include "objects.h"
#include "brianlib/common_math.h"
#include "brianlib/stdint_compat.h"
#include <climits>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include "synapses_classes.h"
"""
_PRECOMPILED = """
PLAIN := $(CXXFLAGS)
CXXFLAGS += -include precompiled.h
$(OBJS): precompiled.h.gch
precompiled.h.gch: precompiled.h
\t$(CXX) $(PLAIN) -x c++-header $< -o $@
"""


def prepare(directory: Path, jobs: int) -> tuple[list[str], dict[str, str]]:
    """Ready a written program for ``make``: return its arguments and its environment.

    The makefile compiles the common headers first, and does not look for dependencies.
    """
    (directory / "precompiled.h").write_text(_HEADERS)
    with (directory / "makefile").open("a") as makefile:
        makefile.write(_PRECOMPILED)
    (directory / "make.deps").touch()
    # The one large file first: it would keep one core busy at the end.
    return ["objects.o", "main"], dict(os.environ)
