import importlib.util
import shutil

import pytest

from snn_credit import devices
from snn_credit.devices import DEVICES, available_devices, choose
from snn_credit.errors import InputError


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Programs and packages that are found; empty to begin with."""
    names: set[str] = set()
    monkeypatch.setattr(shutil, "which", lambda name: name if name in names else None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in names else None)
    monkeypatch.setattr(devices, "_gpu_answers", lambda: "a GPU" in names)
    return names


GPU = {"brian2cuda", "nvcc", "nvidia-smi", "a GPU"}


@pytest.mark.parametrize(
    ("found", "best"),
    [
        (set(), "runtime"),
        ({"g++"}, "runtime"),
        ({"g++", "make"}, "cpp_standalone"),
        ({"clang++", "make"}, "cpp_standalone"),
        ({"g++", "make", "brian2cuda", "nvcc"}, "cpp_standalone"),
        ({"g++", "make", *GPU}, "cuda_standalone"),
    ],
)
def test_auto_is_the_best_that_is_there(there: set[str], found: set[str], best: str) -> None:
    there |= found
    assert choose("auto") == best


@pytest.mark.parametrize(
    ("device", "lacking", "message"),
    [
        ("cpp_standalone", "make", r"^device: .* needs a C\+\+ .* \(got 'cpp_standalone'\)$"),
        (
            "runtime:cython",
            "g++",
            r"^device: .* apt-get install g\+\+ .* \(got 'runtime:cython'\)$",
        ),
        ("cuda_standalone", "brian2cuda", r"^device: .*pip install 'snn-credit\[cuda\]'.* \(got"),
        ("cuda_standalone", "nvcc", r"^device: .* needs nvcc, .* \(got 'cuda_standalone'\)$"),
        ("cuda_standalone", "nvidia-smi", r"^device: .* needs an NVIDIA GPU .* not found\) \(got"),
        ("cuda_standalone", "a GPU", r"^device: .* needs an NVIDIA GPU .* lists none\) \(got"),
        ("cuda_standalone", "make", r"^device: .* needs a C\+\+ .* \(got 'cuda_standalone'\)$"),
    ],
)
def test_what_is_not_there_says_what_to_install(
    there: set[str], device: str, lacking: str, message: str
) -> None:
    there |= {"g++", "make", *GPU}
    assert choose(device) == device
    there.remove(lacking)
    with pytest.raises(InputError, match=message):
        choose(device)


def test_an_unknown_device() -> None:
    message = r"^device: one of auto, .*; did you mean cpp_standalone.*\? \(got 'cppstandalone'\)$"
    with pytest.raises(InputError, match=message):
        choose("cppstandalone")


def test_every_device_has_a_status() -> None:
    assert ("auto", *(device.name for device in available_devices())) == DEVICES
