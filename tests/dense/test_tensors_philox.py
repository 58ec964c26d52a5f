"""Random numbers in tensors: known answers, and bit for bit those of the C++ programs."""

import ctypes
from importlib import resources
from zlib import crc32

import numpy as np
import pytest
import torch

from snn_credit.dense.cpp.compiler import library
from snn_credit.dense.tensors.philox import Draws, Wanted, keys, philox

# Known answers of Random123's own test vectors (kat_vectors, philox4x32 10).
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]

FILL = """
extern "C" void fill_%(type)s_%(law)s(uint64_t seed, uint64_t step, uint32_t operation,
                                      uint32_t call, %(type)s *out, int64_t n) {
    Source{seed, step, operation, call}.fill_%(law)s(out, n);
}"""
TYPES = {"float32": ("float", ctypes.c_float), "float64": ("double", ctypes.c_double)}


@pytest.mark.parametrize(("counter", "key", "want"), KNOWN)
def test_known_answers(counter, key, want):
    words = [torch.tensor([[c]], dtype=torch.int64) for c in counter]
    found = philox((words[0], words[1], words[2], words[3]), keys(key[0] | key[1] << 32))
    assert [int(word) for word in found] == want


@pytest.fixture(scope="module")
def compiled():
    runtime = resources.files("snn_credit.dense.cpp").joinpath("runtime.h").read_text()
    calls = [FILL % {"type": kind, "law": law}
             for kind, _ in TYPES.values() for law in ("uniform", "normal")]  # fmt: skip
    return ctypes.CDLL(str(library("\n".join([runtime, *calls]))))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("law", ["uniform", "normal"])
@pytest.mark.parametrize("first", [0, 2**32 - 2])
def test_the_numbers_of_cpp(compiled, dtype, law, first):
    """Several draws side by side, sizes that are no multiple of a block, steps across 2^32."""
    seed = 0xFEDCBA9876543210
    wanted = [Wanted("cells_draw", 0, law, 7), Wanted("cells_draw", 3, law, 130),
              Wanted("other", 1, law, 1)]  # fmt: skip
    draws = Draws(wanted, 4, dtype, "cpu")
    steps = first + torch.arange(4).unsqueeze(1)
    draws.fill(steps, keys(seed))
    kind, c_type = TYPES[dtype]
    fill, start = getattr(compiled, f"fill_{kind}_{law}"), 0
    for one in wanted:
        for row, step in enumerate(steps.ravel().tolist()):
            out = (c_type * (one.n + 4))()  # whole blocks are filled
            fill(
                ctypes.c_uint64(seed), ctypes.c_uint64(step),
                ctypes.c_uint32(crc32(one.operation.encode())), ctypes.c_uint32(one.call),
                out, ctypes.c_int64(one.n),
            )  # fmt: skip
            found, want = draws.numbers[row, start : start + one.n].numpy(), np.array(out)[: one.n]
            assert found.dtype == want.dtype
            if law == "uniform":
                np.testing.assert_array_equal(found, want)
            else:
                rtol = 1e-12 if dtype == "float64" else 1e-6
                np.testing.assert_allclose(found, want, rtol=rtol, atol=1e-14)
        block = 1 if law == "normal" else 4 if dtype == "float32" else 2
        start += -(-one.n // block) * block
    assert start == draws.numbers.shape[1]
    assert len(np.unique(draws.numbers)) > 0.99 * draws.numbers.numel()
