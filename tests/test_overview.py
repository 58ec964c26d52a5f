"""The table of rules."""

from pathlib import Path

import pytest

from snn_credit.errors import InputError
from snn_credit.models import pepita_spiking
from snn_credit.models.lillicrap_spiking import network
from snn_credit.overview import markdown, rows
from snn_credit.rules import RULES

README = Path(__file__).parents[1] / "README.md"


def test_the_readmes_table_is_that_of_the_declarations():
    assert markdown() in README.read_text(), "README: put the output of overview.markdown() in"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_spiking_column_is_what_the_spiking_model_says(row):
    name, _, local, spiking, _ = row
    assert local == ("yes" if RULES[name].is_local else "no")
    compares = any(phase.keep for phase in RULES[name].phases)
    model = pepita_spiking.network if compares else network
    if spiking == "yes":
        assert model((5, 4, 3, 10), name).name
    else:
        with pytest.raises(InputError, match="a neuron with"):
            model((5, 4, 3, 10), name)
