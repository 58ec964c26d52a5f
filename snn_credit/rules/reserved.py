"""Names that a rule may not take, because Brian has a use for them.

Brian refuses some of these with an error of its own, late; an attribute of NeuronGroup or Synapses
(such as ``target``) collides without a word. A test compares these tables with the installed Brian.
"""

import keyword


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SPECIAL = _words("N dt e i inf j pi t t_in_timesteps xi")

FUNCTIONS = _words(
    """
    abs arccos arcsin arctan ceil clip cos cosh exp expm1 exprel floor int log log10 log1p poisson
    rand randn sign sin sinh sqrt tan tanh timestep
    """
)

ATTRIBUTES = _words(
    """
    N_incoming N_incoming_post N_outgoing N_outgoing_pre active add_attribute add_dependency
    add_to_magic_network after_run assign_id before_run check_variable_write clock code_objects
    codeobj_class connect contained_objects custom_operation default_event delay delay_ equations
    event_codes event_driven events get_states id indices invalidates_magic_network lastspike
    lastupdate method_choice multisynaptic_index name namespace not_refractory order post pre
    refractory
    register_variable resetter resolve_all run run_on_event run_regularly runner
    set_event_schedule set_states source spike spikes start state state_updater stop
    subexpression_updater subgroup_start summed_updaters target thresholder unless_refractory
    unregister_variable updaters user_equations variables verify_dependencies when
    """
)

_PREFIXES = _words("y z a f p n u m c d da h k M G T P E Z Y") | {""}
_UNITS = _words(
    """
    amp ampere becquerel candle coulomb farad gram gramme gray henry hertz joule katal kelvin
    kilogram kilogramme liter litre lumen lux meter metre mol molar mole newton ohm pascal radian
    second siemens sievert steradian tesla volt watt weber
    A F Hz M S V m mol s
    """
)
# A bare capital or a bare s is no unit in Brian: only mV, nS, ms and their like are.
_BARE = _words("A F M S V m s")

UNITS = frozenset(
    prefix + unit + power
    for prefix in _PREFIXES
    for unit in _UNITS
    for power in ("", "2", "3", "4")
    if prefix + unit not in _BARE
)

# Generated C++ and CUDA code declares variables under the rule's own names.
CPP_KEYWORDS = _words(
    """
    auto bool case catch char const default delete do double enum explicit extern false float
    friend goto inline int long mutable new operator private protected public register short
    signed sizeof static struct switch template this throw true typedef typename union unsigned
    using virtual void volatile
    """
)


def why_reserved(name: str) -> str | None:
    """Return why a rule may not define this name, or None where it may."""
    reasons = (
        (not name.isidentifier() or not name.isascii(), "is not a plain identifier"),
        (name.startswith("_"), "starts with an underscore, which Brian keeps to itself"),
        (keyword.iskeyword(name), "is a Python keyword"),
        (name in CPP_KEYWORDS, "is a C++ keyword"),
        (name in SPECIAL or name.startswith("xi_"), "has a special meaning in Brian"),
        (name in FUNCTIONS, "is one of Brian's functions"),
        (name in UNITS, "is the name of a unit"),
        (name in ATTRIBUTES, "is an attribute of Brian's NeuronGroup or Synapses"),
        (name.endswith(("_pre", "_post")), "ends in _pre or _post, which say whose variable it is"),
    )
    return next((reason for holds, reason in reasons if holds), None)
