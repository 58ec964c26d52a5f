import subprocess
import sys

import pytest

from snn_credit.data import LOADERS, load
from snn_credit.errors import InputError


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"data: expected one of digits, mnist, .*\(got 'mnits'\)"):
        load("mnits")


def test_a_data_set_bears_the_name_it_is_loaded_by():
    assert "digits" in LOADERS
    assert load("digits").name == "digits"


def test_importing_is_light():
    code = (
        "import sys, snn_credit.data\n"
        "print([m for m in ('torch', 'brian2', 'sklearn', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
