"""Pickles that hold arrays are read; those that would run code are not."""

import builtins
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from snn_credit.data import unpickle
from snn_credit.errors import InputError


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_and_plain_values_come_back(protocol, order):
    given = {
        "data": np.asarray(np.arange(12, dtype=np.uint8).reshape(3, 4), order=order),
        "labels": [1, 2, 3],
        "names": ("a", 2.5, None, True),
    }
    found = unpickle.loads(pickle.dumps(given, protocol), "here")
    assert np.array_equal(found["data"], given["data"])
    assert found["data"].dtype == np.uint8
    assert (found["labels"], found["names"]) == (given["labels"], given["names"])


class Calls:
    """Pickled as a call of a function with arguments."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("function", "name"),
    [(os.system, r"\w+\.system"), (builtins.eval, r"\w+\.eval"), (os.getenv, "os.getenv")],
)
def test_a_call_is_refused_before_it_is_made(protocol, function, name, tmp_path):
    touched = tmp_path / "touched"
    content = pickle.dumps({b"data": Calls(function, f"touch {touched}")}, protocol)
    message = rf"^here: expected a whole pickle of arrays \(got: the name {name}, which is not"
    with pytest.raises(InputError, match=message) as caught:
        unpickle.loads(content, "here")
    assert "\n" not in str(caught.value)
    assert not touched.exists()


def test_the_control_that_an_ordinary_reader_makes_the_call(tmp_path):
    touched = tmp_path / "touched"
    pickle.loads(pickle.dumps(Calls(Path.touch, touched)))
    assert touched.exists()
    with pytest.raises(InputError, match=r"the name pathlib\S*\.Path\.touch, which"):
        unpickle.loads(pickle.dumps(Calls(Path.touch, touched), 4), "here")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cnumpy\nload\n.", r"the name numpy\.load, which"),
        (b"cnumpy\nndarray.__class__\n.", r"the name numpy\.ndarray\.__class__, which"),
        (b"c_codecs\nencode\n(Vabc\nVrot13\ntR.", r"encoding 'rot13'"),
        (b"c_codecs\nencode\n(N}X\x01\x00\x00\x00aK\x01stb.", "attribute"),
        (b"Pouter\n.", "persistent"),
        (b"", "Ran out of input"),
    ],
)
def test_other_ways_out_are_refused(content, message):
    with pytest.raises(InputError, match=message):
        unpickle.loads(content, "here")
