"""What Brian hands to a device to be made into code, kept as it is until the network runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Brian's templates for what happens in a time step. Everything else (setting variables, making
#: synapses) is run at once by Brian's numpy target.
STEP_TEMPLATES = frozenset(
    {
        "stateupdate", "threshold", "reset", "synapses", "synapses_push_spikes",
        "summed_variable", "spikemonitor", "statemonitor", "ratemonitor", "spikegenerator",
    }
)  # fmt: skip


class Captured:
    """Brian's request for a code object, in place of one.

    It has what ``BrianObject`` asks of a code object around a run, and cannot be called: its work
    is part of a program that runs the network as a whole.
    """

    owner: Any
    name: str
    template: str
    abstract_code: str
    variables: Mapping[str, Any]
    indices: Mapping[str, str]
    keywords: Mapping[str, Any]
    unguarded: frozenset[str]

    def __init__(
        self,
        owner: Any,
        name: str,
        template: str,
        abstract_code: str,
        variables: Mapping[str, Any],
        indices: Mapping[str, str],
        keywords: Mapping[str, Any],
        unguarded: frozenset[str],
    ) -> None:
        self.owner, self.name, self.template = owner, name, template
        self.abstract_code, self.variables, self.indices = abstract_code, variables, indices
        self.keywords, self.unguarded = keywords, unguarded

    def before_run(self) -> None:
        """Do nothing: there is nothing to prepare."""

    def after_run(self) -> None:
        """Forget the last time step's events, as Brian's own code objects do."""
        if self.template == "threshold":
            self.keywords["eventspace_variable"].get_value()[-1] = 0

    def __call__(self) -> None:
        """Refuse to run alone."""
        raise RuntimeError(f"{self.name}: runs as part of its network only")
