"""C++ programs of Brian's own: seeded, and quickly compiled."""

from __future__ import annotations

import os
from pathlib import Path

from snn_credit.spiking.devices.child import SEED_VARIABLE

#: Code for the main program that seeds every random generator from the environment.
SEED = f"""
    if (const char* given = std::getenv("{SEED_VARIABLE}"))
        for (auto& generator : _random_generators)
            generator.seed(std::strtoul(given, nullptr, 10));
    """
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
