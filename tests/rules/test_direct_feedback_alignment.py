import pytest

from snn_credit.errors import InputError
from snn_credit.rules.direct_feedback_alignment import DENSE_FA, DFA
from snn_credit.rules.interpreter import Interpreter


def test_error_goes_straight_to_each_layer(net, loops, assert_learns):
    changes = Interpreter(DFA).step(net)
    err = net.layers[3]["err"]
    post = {3: err * net.layers[3]["df"]}
    for at in (1, 2):
        post[at] = loops.down(net.direct[at, 3]["b"], err) * net.layers[at]["df"]
    assert_learns(net, changes, post, DFA.rates["eta"])


def test_dense_feedback_comes_from_all_layers_above(net, loops, assert_learns):
    changes = Interpreter(DENSE_FA).step(net)
    post = {3: net.layers[3]["err"] * net.layers[3]["df"]}
    post[2] = loops.down(net.direct[2, 3]["b"], post[3]) * net.layers[2]["df"]
    received = loops.down(net.direct[1, 2]["b"], post[2]) + loops.down(
        net.direct[1, 3]["b"], post[3]
    )
    post[1] = received * net.layers[1]["df"]
    assert_learns(net, changes, post, DENSE_FA.rates["eta"])


def test_missing_synapses_are_named(net):
    del net.direct[1, 3]
    with pytest.raises(InputError, match=r"net.direct: synapses from layer 3 to layer 1 \(got"):
        Interpreter(DFA).step(net)
