"""A sum over synapses that grows after it was read: refused, whoever reads it and however."""

from dataclasses import replace
from typing import Any

import pytest

from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Circuit, Event, Pathway, Population, Projection, Step
from snn_credit.spiking.plasticity.assembly import READOUT

ORDER = ("start", "spike", "early", "middle", "late", "end")


def circuit(slot: str, code: str = "I_post += w", **cells: Any) -> Circuit:
    """Inputs drive cells over a pathway in a slot; the cells sum up in I."""
    inputs = Population("inputs", 2, "x : 1\nS : 1", spike="spike", threshold="x > 0",
                        cleared=("S",), steps=(Step("late", "x = S"),))  # fmt: skip
    given = {"equations": "I : 1\nV : 1", "cleared": ("I",)} | cells
    synapses = Projection("synapses", "inputs", "cells", "w : 1", (Pathway("add", slot, code),))
    others = (Population("others", 3, "V : 1\nJ : 1 (linked)", links={"J": "cells.I"},
                         steps=(Step("middle", "V = J"),)),)  # fmt: skip
    more = others if given.pop("linked", False) else ()
    return Circuit("test", 0.001, ORDER, (inputs, Population("cells", 3, **given), *more),
                   (synapses,))  # fmt: skip


READ_IN_THE_MIDDLE = {
    "equation": {"equations": "dV/dt = (I - V)/(10*ms) : 1\nI : 1", "integrate": "middle"},
    "subexpression": {"equations": "I : 1\ny = 2*I : 1\nz = y + 1 : 1\nV : 1",
                      "steps": (Step("middle", "V = z"),)},
    "statement": {"steps": (Step("middle", "V += I"),)},
    "threshold": {"threshold": "I > 1", "spike": "middle"},
    "reset": {"threshold": "V > 1", "spike": "middle", "reset": "V = -I"},
    "condition": {"events": {"full": Event("middle", "I > 1")}},
    "report": {"events": {"full": Event("middle", "V > 1", ("I",))}},
    "link": {"linked": True},
}  # fmt: skip


@pytest.mark.parametrize("how", READ_IN_THE_MIDDLE)
def test_a_sum_is_complete_before_it_is_read(how: str) -> None:
    reads = READ_IN_THE_MIDDLE[how]
    circuit("early", **reads)
    who = "others" if how == "link" else "cells"
    message = (
        rf"^projection synapses\.add: a slot before 'middle', in which {who} reads I for the last "
        r"time \(got '{}'\)$"
    )
    for slot in ("middle", "late"):
        with pytest.raises(InputError, match=message.format(slot)):
            circuit(slot, **reads)


def test_the_last_reader_counts() -> None:
    steps = (Step("early", "V = I"), Step("late", "V = I"))
    circuit("middle", steps=steps)


def test_what_is_kept_or_read_by_nobody_may_grow_at_any_time() -> None:
    steps = (Step("middle", "V = I"),)
    circuit("late", steps=steps, cleared=())
    circuit("late")
    circuit("late", steps=(Step("middle", "I = 0; V = 1  # not I"),))


def test_a_sum_of_the_source_counts_too() -> None:
    circuit("middle", "I_post += w; S_pre += w")
    with pytest.raises(InputError, match=r"add: a slot before 'late', in which inputs reads S "):
        circuit("late", "S_pre += w")


def test_synapses_may_be_the_ones_that_read() -> None:
    whole = circuit("middle")
    for code, equations in (("V_post = I_post", "w : 1"), ("V_post = y", "w : 1\ny = I_post : 1")):
        reader = Projection("readers", "inputs", "cells", equations,
                            (Pathway("read", "early", code),))  # fmt: skip
        message = "a slot before 'early', in which readers reads I for the last time"
        with pytest.raises(InputError, match=message):
            replace(whole, projections=(*whole.projections, reader))


def test_a_network_whose_synapses_come_late() -> None:
    whole = network((6, 5, 10), "FA")
    order = [slot for slot in whole.order if slot != "output_synapses"]
    order.insert(order.index(READOUT), "output_synapses")
    with pytest.raises(InputError, match=r"hidden1_to_output\.forward: .* 'output_integrate'"):
        replace(whole, order=tuple(order))


@pytest.mark.parametrize("rule", ["FA", "KP", "IA", "SG", "DFA"])
def test_rules_read_what_they_sum(rule: str) -> None:
    network((6, 5, 4, 10), rule, rates={"lam": 0.1})
