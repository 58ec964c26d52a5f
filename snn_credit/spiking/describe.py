"""A circuit in words and equations, as ``print(circuit)`` shows it."""

from __future__ import annotations

from snn_credit.spiking.circuit import Circuit, Population, Projection


def describe(circuit: Circuit) -> str:
    """Return the circuit's populations, projections and order of a step, as text."""
    parts = [f"{circuit.name}   (one time step: {circuit.dt})", *circuit.notes, ""]
    parts += [_population(population) for population in circuit.populations]
    parts += [_projection(circuit, projection) for projection in circuit.projections]
    parts.append("one time step: " + " > ".join(_used(circuit)))
    return "\n".join(parts)


def _indent(text: str) -> list[str]:
    return [f"    {line.strip()}" for line in text.strip().splitlines() if line.strip()]


def _population(population: Population) -> str:
    head = f"population {population.name}: {population.size} neurons"
    lines = [head, *_indent(population.equations)]
    if population.threshold:
        lines.append(f"    spikes (h = 1) when {population.threshold}   [{population.spike}]")
    if population.reset:
        lines.append(f"    then {population.reset}")
    if population.refractory:
        lines.append(f"    refractory for {population.refractory}")
    for step in population.steps:
        lines += [f"    {line.strip()}   [{step.slot}]" for line in step.code.splitlines()]
    for name, signal in population.signals.items():
        lines.append(f"    {name} when {signal.condition}   [{signal.slot}]")
    for own, link in population.links.items():
        lines.append(f"    {own} is {link}")
    return "\n".join([*lines, ""])


def _projection(circuit: Circuit, projection: Projection) -> str:
    source, target = circuit.population(projection.source), circuit.population(projection.target)
    count = source.size * target.size if projection.pre is None else len(projection.pre)
    lines = [
        f"projection {projection.name}: {source.name} -> {target.name}, {count} synapses",
        *_indent(projection.equations),
    ]
    for pathway in projection.pathways:
        when = "step" if pathway.on == "step" else f"{pathway.on} of {source.name}"
        code = "; ".join(line.strip() for line in pathway.code.splitlines())
        lines.append(f"    every {when}: {code}   [{pathway.slot}]")
    return "\n".join([*lines, ""])


def _used(circuit: Circuit) -> list[str]:
    used = {circuit.order[0], circuit.order[-1]}
    for population in circuit.populations:
        used |= {population.integrate or "", population.spike or ""}
        used |= {step.slot for step in population.steps}
        used |= {event.slot for event in population.events.values()}
        used |= {signal.slot for signal in population.signals.values()}
    for projection in circuit.projections:
        used |= {pathway.slot for pathway in projection.pathways}
    return [slot for slot in circuit.order if slot in used]
