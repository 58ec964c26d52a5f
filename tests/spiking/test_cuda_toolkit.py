"""What ``cuda_standalone`` asks of the CUDA toolkit, with files and programs made up here."""

import os
import subprocess
from importlib import metadata
from pathlib import Path

import brian2 as b2
import pytest

from snn_credit.errors import InputError
from snn_credit.spiking.devices import cuda


def say(folder: Path, name: str, *lines: str) -> None:
    """Put a program on the path that prints its arguments and these lines."""
    program = folder / name
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that come before all others; no variable of this module is set."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name in (cuda.CAPABILITY_VARIABLE, "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
                 "CPATH", "LIBRARY_PATH", "LD_LIBRARY_PATH"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    return folder


def test_the_capability_of_the_first_visible_gpu(path, monkeypatch):
    say(path, "nvidia-smi", 'test "$4" = 0 && echo 8.6', 'test "$4" = 3 && echo 12.0', "exit 0")
    assert cuda.capability() == 8.6
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,0")
    assert cuda.capability() == 12.0
    monkeypatch.setenv(cuda.CAPABILITY_VARIABLE, "9.0")
    assert cuda.capability() == 9.0


def test_a_capability_that_is_none(path, monkeypatch):
    say(path, "nvidia-smi", "exit 9")
    with pytest.raises(InputError, match=r"^device: a GPU's .* 9\.0 \(got 'no GPU'\)$"):
        cuda.capability()
    monkeypatch.setenv(cuda.CAPABILITY_VARIABLE, "sm_90")
    with pytest.raises(InputError, match=r"^SNN_CREDIT_CUDA_CAPABILITY: .* \(got 'sm_90'\)$"):
        cuda.capability()


def test_preferences_are_lists_of_their_own(path, monkeypatch):
    monkeypatch.setenv(cuda.CAPABILITY_VARIABLE, "9.0")
    first, second = cuda.preferences(), cuda.preferences()
    for name, value in first.items():
        assert value == second[name]
        if isinstance(value, list):
            assert value is not second[name]
            assert any("c++17" in flag for flag in value)
            assert not any("c++11" in flag or "use_fast_math" in flag for flag in value)
    assert any("c++11" in flag for flag in b2.prefs["codegen.cpp.extra_compile_args_gcc"])


def write_operation(folder: Path, name: str, value: int) -> None:
    """Write an operation the way brian2cuda does: with a helper that every file defines."""
    (folder / f"{name}.h").write_text(
        f"#ifndef H_{name}\n#define H_{name}\nvoid _run_{name}();\nint _part_{name}(int);\n#endif\n"
    )
    (folder / f"{name}.cu").write_text(
        f'#include "code_objects/{name}.h"\n  #include <cstdio>\n'
        f"#define _rand() {value}\n"
        "namespace { int helper() { return _rand(); } }\n"
        f"int _part_{name}(int n) {{ return n; }}\n"
        f'void _run_{name}() {{ std::printf("{name} %d\\n", helper()); }}\n'
    )
    (folder / f"after_run_{name}.h").write_text(f"void _after_run_{name}();\n")
    (folder / f"after_run_{name}.cu").write_text(
        f'#include "code_objects/{name}.h"\n#include <cstdio>\n'
        f'void _after_run_{name}() {{ std::printf("after %d\\n", _part_{name}({value})); }}\n'
    )


@pytest.mark.parametrize(("jobs", "files"), [(1, 1), (4, 2)])
def test_united_files_do_what_the_many_did(tmp_path, jobs, files):
    (tmp_path / "code_objects").mkdir()
    names = [f"cells_{number}" for number in range(12)]
    for value, name in enumerate(names):
        write_operation(tmp_path / "code_objects", name, value)
    calls = "".join(f"_run_{name}(); _after_run_{name}();" for name in names)
    declarations = "".join(f"void _run_{name}(); void _after_run_{name}();" for name in names)
    (tmp_path / "main.cu").write_text(
        f"#include <cstdio>\n{declarations}\nint main() {{ {calls} return 0; }}\n"
    )
    sources = cuda.unite(tmp_path, jobs)
    assert len(sources) == files + 1
    commands = ["g++", "-x", "c++", "-I.", *sources, "-o", "main"]
    subprocess.run(commands, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    assert said == "".join(f"{name} {k}\nafter {k}\n" for k, name in enumerate(names))


class File(str):
    """A file of an installed package, as importlib.metadata lists it."""

    name = property(lambda self: Path(self).name)

    def locate(self) -> Path:
        return Path(self)


def test_curand_is_the_toolkits_where_it_has_one(path, tmp_path):
    say(path, "nvcc", "echo found")
    assert cuda.prepare_curand(tmp_path) == {}
    assert cuda.child_environment(tmp_path) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def test_curand_is_found_in_its_wheel(path, tmp_path, monkeypatch):
    say(path, "nvcc", "exit 1")
    wheel = tmp_path / "site" / "nvidia" / "cu13"
    for part in ("include", "lib"):
        (wheel / part).mkdir(parents=True)
    header, library = wheel / "include" / "curand.h", wheel / "lib" / "libcurand.so.10"
    for file in (header, library):
        file.write_text(file.name)
    monkeypatch.setattr(metadata, "files", lambda name: [File(header), File(library)])
    monkeypatch.setenv("CPATH", "/before")
    program = tmp_path / "program"
    program.mkdir()
    variables = cuda.prepare_curand(program)
    assert variables == {
        "CPATH": f"{header.parent}:/before", "LIBRARY_PATH": str(program / "lib")
    }  # fmt: skip
    assert (program / "lib" / "libcurand.so").read_text() == "libcurand.so.10"
    program.rename(tmp_path / "moved")
    moved = cuda.child_environment(tmp_path / "moved")
    assert moved["LD_LIBRARY_PATH"] == str(tmp_path / "moved" / "lib")
    assert (tmp_path / "moved" / "lib" / "libcurand.so.10").read_text() == "libcurand.so.10"


def test_without_curand_it_says_what_to_install(path, tmp_path, monkeypatch):
    def none(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    say(path, "nvcc", "exit 1")
    monkeypatch.setattr(metadata, "files", none)
    with pytest.raises(InputError, match=r"^device: cuRAND, .*nvidia-curand \(got neither\)$"):
        cuda.prepare_curand(tmp_path)
