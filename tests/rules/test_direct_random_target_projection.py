from snn_credit.rules.direct_random_target_projection import DRTP
from snn_credit.rules.interpreter import Interpreter


def test_target_is_projected(net, loops, assert_learns):
    changes = Interpreter(DRTP).step(net)
    post = {3: net.layers[3]["err"] * net.layers[3]["df"]}
    for at in (1, 2):
        target = loops.down(net.direct[at, 3]["b"], net.layers[3]["ystar"])
        post[at] = target * net.layers[at]["df"]
    assert_learns(net, changes, post, DRTP.rates["eta"])
