from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.shallow import SHALLOW


def test_only_the_output_layer_learns(net, assert_learns):
    net.shared |= {"eta": 0.1, "lam": 0.02}
    changes = Interpreter(SHALLOW).step(net)
    assert set(changes.forward) == {3}
    assert_learns(net, changes, {3: net.layers[3]["err"] * net.layers[3]["df"]}, 0.1, 0.02)
