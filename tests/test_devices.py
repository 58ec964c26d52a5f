"""Which devices are there: programs on a path and packages in a folder, all made up here."""

import os
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from snn_credit import devices
from snn_credit.devices import (
    DEVICES,
    TABLE,
    Choice,
    Device,
    Part,
    available_devices,
    best,
    choose,
)
from snn_credit.errors import InputError

NVCC = """case "$1" in
--version) echo "Cuda compilation tools, release 13.0, V13.0.48" ;;
*) read line; test "$line" = "#include <curand.h>" -a -e "$(dirname "$0")/curand.h" && echo ok ;;
esac"""
SMI = """test "$1" = "--query-gpu=name,memory.total" && echo "NVIDIA H200, 143771" """
PROGRAMS = {"g++": "", "clang++": "", "make": "", "nvcc": NVCC, "nvidia-smi": SMI}
GPU = {"brian2cuda", "nvcc", "nvidia-smi", "curand.h"}


class Machine:
    """A machine with nothing on its path but what it is given, and no package but those of CUDA."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin, self.packages = folder / "bin", folder / "packages"
        self.bin.mkdir()
        self.packages.mkdir()
        # The shell's own tools come after; a program's answers are remembered by its path.
        monkeypatch.setenv("PATH", str(self.bin))
        known = [entry for entry in sys.path if not _has_cuda(entry)]
        monkeypatch.setattr(sys, "path", [str(self.packages), *known])

    def gets(self, *names: str) -> None:
        for name in names:
            if name == "brian2cuda":
                self.package("brian2cuda", "1.0b1")
            elif name == "curand.h":
                (self.bin / name).touch()
            else:
                self.program(name, PROGRAMS[name])

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        file.chmod(0o755)
        devices._printed.cache_clear()

    def package(self, name: str, version: str, *files: str) -> None:
        folder = self.packages / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}")
        (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        # Newer versions of Python list only the files that are there.
        for file in files:
            (self.packages / file).parent.mkdir(parents=True, exist_ok=True)
            (self.packages / file).touch()

    def loses(self, name: str) -> None:
        if name == "brian2cuda":
            for file in self.packages.glob("brian2cuda*/*"):
                file.unlink()
            next(self.packages.glob("brian2cuda*")).rmdir()
        else:
            (self.bin / name).unlink()
        devices._printed.cache_clear()


# The folder that torch lies in is hidden where it holds CUDA's packages too: imported before that.
import_module("torch")


def _has_cuda(entry: str) -> bool:
    folder = Path(entry or os.curdir)
    return any(any(folder.glob(f"{n}*")) for n in ("brian2cuda", "nvidia_curand", "nvidia-curand"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def status(name: str) -> devices.DeviceStatus:
    return next(found for found in available_devices() if found.name == name)


@pytest.mark.parametrize(
    ("found", "taken", "why"),
    [
        (set(), "runtime", "; dense and cuda_standalone and cpp_standalone are not"),
        ({"g++"}, "dense", ""),
        ({"clang++", "make"}, "dense", ""),
        ({"g++", "make", *GPU}, "dense", ""),
    ],
)
def test_auto_is_the_best_that_is_there(
    machine: Machine, found: set[str], taken: str, why: str
) -> None:
    machine.gets(*found)
    assert choose("auto").name == taken
    assert best().name == taken
    assert why in best(1000).why
    assert best(1000).why.startswith("the fastest of those that are there for 1,000 synapses")


@pytest.mark.parametrize(
    ("device", "lacking", "message"),
    [
        ("cpp_standalone", "make", r"needs make \(.*apt-get install make\) \(got 'cpp_standalone"),
        ("cpp_standalone", "g++", r"needs a C\+\+ compiler .*apt-get install g\+\+\) \(got 'cpp"),
        (
            "runtime:cython",
            "g++",
            r"needs a C\+\+ compiler .*install g\+\+\) \(got 'runtime:cython",
        ),
        (
            "cuda_standalone",
            "brian2cuda",
            r"needs brian2cuda, .*'snn-credit\[cuda\]'\) \(got 'cuda",
        ),
        ("cuda_standalone", "nvcc", r"needs nvcc on the PATH \(.*\); cuRAND.* \(got 'cuda_stand"),
        (
            "cuda_standalone",
            "curand.h",
            r"needs cuRAND's .* \(pip install nvidia-curand\) \(got 'c",
        ),
        ("cuda_standalone", "nvidia-smi", r"needs an NVIDIA GPU .*was not found\) \(got 'cuda_st"),
        ("cuda_standalone", "make", r"needs make \(.*\) \(got 'cuda_standalone'\)"),
    ],
)
def test_what_is_not_there_says_how_to_get_it(
    machine: Machine, device: str, lacking: str, message: str
) -> None:
    machine.gets("g++", "make", *GPU)
    assert choose(device) == Choice(device, "as asked")
    machine.loses(lacking)
    with pytest.raises(InputError, match=f"^device: one that is there; this one {message}"):
        choose(device)


def test_what_was_found_for_cuda(machine: Machine) -> None:
    machine.gets("clang++", "make", *GPU)
    assert status("cuda_standalone") == devices.DeviceStatus(
        "cuda_standalone", True, status("cuda_standalone").about, (),
        ("brian2cuda 1.0b1", "NVIDIA H200 with 140 GiB", "nvcc 13.0", "cuRAND of the toolkit",
         "clang++", "make"),
    )  # fmt: skip


def test_what_was_found_is_said_where_something_is_missing(machine: Machine) -> None:
    machine.gets("nvcc", "g++")
    cuda = status("cuda_standalone")
    assert cuda.found == ("nvcc 13.0", "g++")
    assert [what.split()[0].strip(",") for what in cuda.missing] == [
        "brian2cuda", "an", "cuRAND's", "make"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('echo "NVIDIA A100, 40960"; echo "NVIDIA T4, 15360"',
         "NVIDIA A100 with 40 GiB (the first of 2)"),
        ('echo "NVIDIA GB10, [N/A]"', "NVIDIA GB10"),
    ],
)  # fmt: skip
def test_gpus_in_words(machine: Machine, said: str, found: str) -> None:
    machine.program("nvidia-smi", said)
    assert status("cuda_standalone").found == (found,)


@pytest.mark.parametrize("script", ["exit 9", "", "echo no devices were found; exit 6"])
def test_a_driver_without_a_gpu(machine: Machine, script: str) -> None:
    machine.program("nvidia-smi", script)
    assert (
        "an NVIDIA GPU and its driver (nvidia-smi names none)" in status("cuda_standalone").missing
    )


@pytest.mark.parametrize(
    ("cuda", "usable", "message"),
    [
        ("12.8", True, None),
        ("12.8", False, r"needs a GPU that torch 2.9 can use \(got 'dense:cuda'\)"),
        (
            None,
            False,
            r"needs a torch that was built for CUDA \(this is 2.9\) \(got 'dense:cuda'\)",
        ),
    ],
)
def test_a_torch_that_can_use_the_gpu(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, cuda: str | None, usable: bool,
    message: str | None,
) -> None:  # fmt: skip
    assert "NVIDIA GPU and its driver" in status("dense:cuda").missing[0]
    torch = SimpleNamespace(
        __version__="2.9", version=SimpleNamespace(cuda=cuda),
        cuda=SimpleNamespace(is_available=lambda: usable),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "torch", torch)
    machine.gets("nvidia-smi")
    if message is None:
        assert status("dense:cuda").found == ("torch 2.9 on NVIDIA H200 with 140 GiB",)
        assert choose("dense:cuda").name == "dense:cuda"
    else:
        with pytest.raises(InputError, match=message):
            choose("dense:cuda")


@pytest.mark.parametrize("wheel", ["nvidia-curand", "nvidia-curand-cu12"])
def test_curand_may_be_a_package(machine: Machine, wheel: str) -> None:
    machine.package(wheel, "10.4", "nvidia/lib/libcurand.so.10", "nvidia/include/curand.h")
    assert status("cuda_standalone").found == (f"cuRAND of {wheel}",)


def test_a_package_of_curand_without_its_header_is_none(machine: Machine) -> None:
    machine.package("nvidia-curand", "10.4", "nvidia/lib/libcurand.so.10")
    assert status("cuda_standalone").found == ()


def test_a_device_is_one_row(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    fingers = (lambda: Part(True, "ten fingers"),)
    row = Device("abacus", "beads", fingers, speed=99, synapses=11)
    monkeypatch.setattr(devices, "TABLE", (*TABLE, row))
    monkeypatch.setattr(devices, "DEVICES", (*DEVICES, "abacus"))
    assert available_devices()[-1].found == ("ten fingers",)
    assert choose("abacus").name == choose("auto").name == choose("auto", 11).name == "abacus"
    few = choose("auto", 10)
    assert few.name != "abacus"
    assert few.why.endswith("; abacus pays from 11 on")


def test_an_unknown_device() -> None:
    message = r"^device: one of auto, .*; did you mean cpp_standalone.*\? \(got 'cppstandalone'\)$"
    with pytest.raises(InputError, match=message):
        choose("cppstandalone")


def test_every_device_has_a_status() -> None:
    assert ("auto", *(device.name for device in available_devices())) == DEVICES
