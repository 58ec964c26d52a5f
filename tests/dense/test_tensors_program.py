"""The tensor program itself: its text, its memory, torch's own settings."""

import subprocess
import sys
import traceback

import brian2 as b2
import numpy as np
import pytest
import torch
from brian2 import ms
from brian_device import active

from snn_credit.dense import source
from snn_credit.dense.tensors import blocks, program, render
from snn_credit.dense.tensors.lists import incoming
from snn_credit.dense.tensors.timetable import Timetable
from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream


def cells():
    # A clock of its own: the default one goes on from where another test in this process left it.
    group = b2.NeuronGroup(3, "x : 1", dt=0.1 * ms, name="cells")
    group.run_regularly("x += rand()", name="count")
    return b2.Network(group)


def lillicrap(device="dense:torch", **more):
    rng = np.random.default_rng(1)
    stream = Stream.of(rng.integers(0, 9, 40), rng.integers(0, 10, 40))
    return Simulation(
        network((9, 8, 7, 10), "FA", w_scale=0.5, rates={"eta": 0.1, "lam": 1e-4}, seed=2),
        {"stimulus": rng.random((9, 9)), "target": np.eye(10)}, stream, device=device,
        chunk_steps=50, seed=4, **more,
    )  # fmt: skip


def test_importing_the_devices_does_not_import_torch():
    code = "import sys, snn_credit.dense, snn_credit.devices; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_the_program_can_be_read():
    text = lillicrap().program.source
    for said in (
        # Brian's statement, above a product with the matrix and a change of it in place.
        "# input_to_hidden1_forward: synapses\n#     I_post += w*s_w_post\n",
        "hidden1_I.add_(_f.over_rows(w, now) * s_w_post)\n",
        "hidden2_fb_sum.add_(_f.over_columns(b, delta_post))\n",
        "_f.add_outer(input_to_hidden1_w.view(9, 8), now, gain_w_post)\n",
        # What does not depend on the state is not part of the step.
        "_cond = _draw_0 < _f.clip(x, 0, 0.95)\n    ahead_",
        "known_9__lio_1.copy_(_lio_1)\n",
    ):
        assert said in text


def test_tracebacks_show_the_program():
    with active("dense:torch"):
        device, made = b2.get_device(), cells()
        running = device.prepare(made, {})
        running.begin()
        running._state.names["uniform_0"] = None
        with pytest.raises(AttributeError) as caught:
            running.run(1, [1], 0)
    shown = "".join(traceback.format_exception(caught.value))
    assert "in step_0_count\n    _draw_0 = _f.now(uniform_0, clock_0[1:2])[0:3]\n" in shown


def test_no_matrix_is_made_beside_a_plastic_one():
    """Of the operations of a step on a matrix's elements, all are in place or sums."""
    simulation = lillicrap()
    next(simulation.run())
    names = simulation.program._engine._state.names
    tensors = [t for t in names.values() if isinstance(t, torch.Tensor)]
    known = {t.untyped_storage().data_ptr() for t in tensors}
    smallest = names["hidden1_to_hidden2_w"].numel()
    assert smallest == 8 * 7 > 10

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        made: list = []  # noqa: RUF012

        def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
            made = function(*arguments, **(keywords or {}))
            large = isinstance(made, torch.Tensor) and made.numel() >= smallest
            if large and made.untyped_storage().data_ptr() not in known:
                self.made.append(str(function))
            return made

    names["ahead"]()
    with Watch() as watch, torch.no_grad():
        names["step"]((True,))
        assert not watch.made
        torch.zeros(8, 7)
    assert watch.made == ["aten.zeros.default"]


def test_torch_is_left_as_it_was():
    before = torch.get_default_dtype(), torch.get_num_threads()
    with active("dense:torch", np.float64):
        cells().run(1 * ms, namespace={})
    assert (torch.get_default_dtype(), torch.get_num_threads()) == before


def test_threads_only_where_there_is_much_to_do(monkeypatch):
    seen = []
    monkeypatch.setenv("SNN_CREDIT_THREADS", "2")
    monkeypatch.setattr(
        blocks.Blocks, "run", lambda self, block: seen.append(torch.get_num_threads())
    )
    for n in (3, 600_000):
        with active("dense:torch"):
            group = b2.NeuronGroup(n, "x : 1", name="cells")
            group.run_regularly("x += 1", name="count")
            b2.Network(group).run(0.1 * ms, namespace={})
    assert seen == [1, 2]


def test_a_gpu_that_is_not_there():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with active("dense:cuda"), pytest.raises(InputError, match=r"device dense:cuda: an NVIDIA GPU"):
        cells().run(1 * ms, namespace={})


def test_a_gpu_that_is_too_small(monkeypatch):
    monkeypatch.setattr(program, "free_bytes", lambda device: 1000)
    message = (
        r"a GPU with [\d,]{5,} bytes free for state, tables and records, .*\(got 1,000 bytes\)"
    )
    with active("dense:torch"), pytest.raises(InputError, match=message):
        cells().run(1 * ms, namespace={})


def test_a_gpu_that_runs_out_of_memory(monkeypatch):
    def fail(self, block):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(blocks.Blocks, "run", fail)
    with active("dense:torch"), pytest.raises(InputError, match=r"a GPU with .* \(got 0 bytes\)"):
        cells().run(1 * ms, namespace={})


def test_the_state_is_where_it_is_expected_to_be():
    """The memory that is asked for is that of the tensors."""
    running = lillicrap().program._engine
    tensors = [t for t in running._state.names.values() if isinstance(t, torch.Tensor)]
    tables = [t._values for t in running._state._tables.values()]
    held = sum(t.numel() * t.element_size() for t in (*tensors, *tables))
    assert 0.8 * held < running._needed < 1.2 * held


@pytest.mark.parametrize(("first", "then"), [("dense", "dense:torch"), ("dense:torch", "dense")])
def test_a_checkpoint_of_one_device_goes_on_on_another(first, then):
    whole, begun, resumed = (lillicrap(d, dtype="float64") for d in (first, first, then))
    for _ in whole.run():
        pass
    run = begun.run()
    next(run)
    next(run)
    resumed.restore(begun.state, begun.done)
    for _ in resumed.run():
        pass
    assert resumed.done == whole.done == 4
    for name in ("input_to_hidden1", "hidden2_to_output"):
        np.testing.assert_allclose(resumed.matrix(name), whole.matrix(name), rtol=0, atol=1e-12)


def test_source_of_a_plain_network():
    with active("dense:torch"):
        assert "# count: each\n#     x += rand()\ndef step_0_count():" in source(cells())


def test_synapses_of_each_neuron():
    ends = np.array([2, 0, 2, 2, 0])
    np.testing.assert_array_equal(incoming(ends, 4), [[1, 4, 5], [5] * 3, [0, 2, 3], [5] * 3])
    assert incoming(np.zeros(2000, np.int64), 1000) is None


def test_sums_of_products():
    axes = {"w": {"own"}, "x": {"pre"}, "y": {"post"}, "c": set()}

    def axes_of(text):
        return frozenset().union(*(axes[name] for name in axes if name in text))

    terms = render.products("-w*x*c/y - 2*(x + 1)", axes_of)
    assert [term.negative for term in terms] == [True, True]
    own, pre, post = (frozenset({k}) for k in ("own", "pre", "post"))
    assert [terms[0].text([a], str) for a in (own, pre, post, frozenset())] == [
        "w", "x", "1.0 / y", "c"
    ]  # fmt: skip
    assert [terms[1].text([a], str) for a in (pre, frozenset())] == ["(x + 1)", "(2)"]


def test_clocks_that_are_due():
    from snn_credit.dense.plan import Array, Clock

    clocks, arrays = [], {}
    for name, dt in (("fine", 1e-4), ("coarse", 2.5e-4)):
        keys = [f"{name}.{k}" for k in ("timestep", "t", "dt")]
        clocks.append(Clock(*(Array(key, "float64", True) for key in keys)))
        arrays |= dict(zip(keys, (np.zeros(1, np.int64), np.zeros(1), np.array([dt])), strict=True))
    table = Timetable(clocks, arrays, (10, 4))
    due = table.take(7) + table.take(100)
    both, fine, coarse = (True, True), (True, False), (False, True)
    assert due == [both, fine, fine, coarse, fine, fine, both, fine, fine, coarse, fine, fine]
    assert table.finished
    assert (arrays["fine.timestep"][0], arrays["coarse.timestep"][0]) == (10, 4)
    np.testing.assert_allclose([arrays["fine.t"][0], arrays["coarse.t"][0]], 1e-3)
