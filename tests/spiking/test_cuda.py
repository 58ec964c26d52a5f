"""A small circuit as a CUDA program: built with nvcc, and run where there is a GPU."""

import shutil
import subprocess
import sys
from dataclasses import replace

import brian2 as b2
import numpy as np
import pytest

from snn_credit.models import neurons, pepita_spiking
from snn_credit.models.lillicrap_spiking import Anatomy, network
from snn_credit.spiking import Simulation, Stream, Watch
from snn_credit.spiking.devices import cuda
from snn_credit.spiking.devices.build import Shape, watched
from snn_credit.spiking.devices.standalone import StandaloneProgram, open_standalone
from snn_credit.spiking.stream import chunks, rows_per_chunk

pytest.importorskip("brian2cuda")
pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc"),
]
SIZES, CHUNK = (6, 5, 4), 500
WATCH = {"hidden1": Watch(np.arange(5), np.arange(2), ("V",))}
PRESENTATIONS = 400


def has_gpu() -> bool:
    smi = shutil.which("nvidia-smi")
    return smi is not None and subprocess.run([smi, "-L"], capture_output=True).returncode == 0


needs_gpu = pytest.mark.skipif(not has_gpu(), reason="needs an NVIDIA GPU")


def circuit():
    return network(
        SIZES, "FA", classes=2, w_scale=0.8, b_scale=0.9, rates={"eta": 0.3, "lam": 1e-5}, seed=2
    )


def shown():
    """Two noisy patterns, one for each class, and frozen presentations at the end."""
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, PRESENTATIONS)
    patterns = np.array([[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]])
    images = patterns[labels] + rng.uniform(-0.1, 0.1, (PRESENTATIONS, SIZES[0]))
    learning = np.arange(PRESENTATIONS) < 0.75 * PRESENTATIONS
    stream = Stream.of(np.arange(PRESENTATIONS), labels, 5, plastic=learning, seen=~learning)
    return stream, {"stimulus": images, "target": np.eye(2)}, labels, learning


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Build into an empty cache, for the GPU at hand or, without one, for a Hopper."""
    with pytest.MonkeyPatch.context() as patch:
        # Capital letters, which brian2cuda's programs make small in what they are given.
        patch.setenv("SNN_CREDIT_CACHE", str(tmp_path_factory.mktemp("Cache")))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("Temporary")))
        if not has_gpu():
            patch.setenv(cuda.CAPABILITY_VARIABLE, "9.0")
        yield


@pytest.fixture(scope="module")
def program() -> StandaloneProgram:
    stream, *_ = shown()
    flags = list(b2.prefs["codegen.cpp.extra_compile_args_gcc"])
    shape = Shape(CHUNK, rows_per_chunk(stream, CHUNK), "float32")
    built = open_standalone(watched(circuit(), WATCH), shape, "cuda_standalone")
    assert b2.prefs["codegen.cpp.extra_compile_args_gcc"] == flags
    assert b2.get_device() is b2.all_devices["runtime"]
    return built


def test_the_program_is_written_compiled_and_linked(program):
    assert (program.folder / program.executable).stat().st_size > 100_000
    assert (program.folder / "manifest.json").exists()
    assert not list(program.folder.rglob("*.o"))
    assert {"hidden1.spikes", "hidden1.traces", "votes.guess"} == set(program.monitors)
    assert {"hidden1.watch_spikes", "hidden1_to_output.b", "input.t0"} <= set(program.arrays)


@pytest.mark.parametrize(
    "learning",
    [
        "a critic, traces and axons",
        pytest.param("WE SA", marks=pytest.mark.long),
        pytest.param("windows", marks=pytest.mark.long),
    ],
)
def test_what_other_rules_add_compiles_too(learning):
    """Everything that a rule can add to a circuit, in as few programs as hold it."""
    given = {"classes": 2, "rates": {"eta": 0.1}}
    if learning == "windows":
        made = pepita_spiking.network(SIZES, "PEPITA", **given)
    elif learning == "WE SA":
        feedback, error = neurons.spiking_feedback(0.2), neurons.spiking_error(0.2)
        made = network(SIZES, "WE SA", feedback=feedback, error=error, **given)
    else:
        anatomy = Anatomy(density=0.6, delay_ms=(0, 3), reliability=0.9, inhibitory=0.4)
        critic = neurons.critic(delay_ms=2, tau_ms=2)
        made = network(
            (*SIZES, 4), "NP", anatomy=anatomy, critic=critic, eligibility_ms=4,
            forward=neurons.injected_noise(0.3), **given,
        )  # fmt: skip
    stream = Stream.of(np.zeros(20), 0).in_windows((5,) * max(1, len(made.windows)))
    shape = Shape(100, rows_per_chunk(stream, 100), "float32")
    built = open_standalone(made, shape, "cuda_standalone")
    assert (built.folder / built.executable).stat().st_size > 100_000


def test_arguments_seed_and_clock_come_in_this_order(program):
    main = (program.folder / "main.cu").read_text()
    main = main[main.index("int main(") :]
    pieces = [
        "set_from_command_line(args);",
        'getenv("SNN_CREDIT_SEED")',
        "random_number_buffer.set_seed(strtoull(given, NULL, 10));",
        ".t = _array_input_t0[0];",
        "_array_defaultclock_t[0] = _array_input_t0[0];",
        "_array_defaultclock_timestep[0] = (int64_t)(_array_input_t0[0]/_array_defaultclock_dt[0]",
        ".run(0.5, NULL",
        "brian_end();",
    ]
    places = [main.index(piece) for piece in pieces]
    assert places == sorted(places)


def test_every_array_can_be_set_by_an_argument(program):
    known = (program.folder / "objects.cu").read_text()
    for array in (*program.arrays.values(), *program.tables.values()):
        assert f'if (name == "{array.argument}")' in known


def test_compiled_without_fast_math_as_cpp_17(program):
    nvcc, host = (program.folder / "makefile").read_text().split("-Xcompiler")[:2]
    assert "fast_math" not in nvcc
    assert nvcc.rstrip().endswith("-std=c++17")
    assert "-std=c++17" in host
    assert "-std=c++11" not in host


def test_torch_is_not_needed():
    assert "torch" not in sys.modules


@pytest.mark.skipif(has_gpu(), reason="says what it does without a GPU")
def test_without_a_gpu_the_run_says_so(program):
    stream, tables, *_ = shown()
    chunk = next(chunks(stream, CHUNK))
    given = {f"{name}_at": values for name, values in chunk.tables.items()}
    for name, table in tables.items():
        given[f"{name}_at"] = np.zeros((program.shape.rows, table.shape[1]))
    with pytest.raises(
        RuntimeError, match=r"^the compiled program ended with 255: .*CUDA driver version"
    ):
        program.run(program.initial_state(), given, 0, 1)


def simulate(device, dtype, uniforms=None, seed=0):
    stream, tables, labels, learning = shown()
    simulation = Simulation(
        circuit(), tables, stream, device=device, dtype=dtype, chunk_steps=CHUNK, watch=WATCH,
        seed=seed, uniforms=uniforms,
    )  # fmt: skip
    guesses, spikes = [], []
    for advance in simulation.run():
        guesses.append(advance.guesses)
        spikes.append(np.column_stack(advance.spikes("hidden1")))
    right = np.concatenate(guesses) == labels
    return simulation, np.concatenate(spikes), right[~learning].mean()


@needs_gpu
def test_given_numbers_bring_the_same_spikes_and_weights():
    numbers = np.random.default_rng(3).random((6 * PRESENTATIONS, sum(SIZES)))
    columns = dict(zip(("input", "hidden1", "output"), np.split(numbers, (6, 11), 1), strict=True))

    def uniforms(name, start, shape):
        return columns[name][start : start + shape[0]]

    cpp, cpp_spikes, _ = simulate("cpp_standalone", "float64", uniforms)
    gpu, gpu_spikes, _ = simulate("cuda_standalone", "float64", uniforms)
    assert len(cpp_spikes) > 100
    np.testing.assert_array_equal(gpu_spikes, cpp_spikes)
    for key, values in cpp.state.items():
        np.testing.assert_allclose(gpu.state[key], values, rtol=1e-9, atol=1e-9, err_msg=key)


@needs_gpu
def test_it_learns_as_on_the_cpu():
    right = {
        device: [simulate(device, "float32", seed=seed)[2] for seed in range(3)]
        for device in ("cpp_standalone", "cuda_standalone")
    }
    assert min(np.mean(values) for values in right.values()) > 0.9
    assert abs(np.subtract(*map(np.mean, right.values()))) < 0.05


def first_spikes(seed):
    """Return the spikes of the first 40 steps, before sums in another order can tell."""
    stream, tables, *_ = shown()
    simulation = Simulation(
        circuit(), tables, replace(stream, seen=np.ones(len(stream), bool)), watch=WATCH,
        device="cuda_standalone", dtype="float32", chunk_steps=CHUNK, seed=seed,
    )  # fmt: skip
    spikes = np.column_stack(next(simulation.run()).spikes("hidden1"))
    return spikes[spikes[:, 0] < 40].tolist()


@needs_gpu
def test_the_seed_decides_the_spikes():
    assert first_spikes(5) == first_spikes(5)
    assert first_spikes(5) != first_spikes(6)
