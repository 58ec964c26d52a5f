"""The networks of Lansdell et al.: layers, noise, and from which values they start."""

from math import sqrt

import numpy as np
import pytest
import torch
from torch import nn

from snn_credit.errors import InputError
from snn_credit.models import lansdell
from snn_credit.rate import Noise, Stack, convert


def kinds(net):
    return [type(part).__name__ for part in net]


def linear(net):
    return [part for part in net if isinstance(part, nn.Linear | nn.Conv2d)]


def test_the_classifier_is_784_50_20_10():
    net = lansdell.classifier()
    assert [tuple(part.weight.shape) for part in linear(net)] == [(50, 784), (20, 50), (10, 20)]
    assert kinds(net) == ["Linear", "Sigmoid", "Linear", "Sigmoid", "Linear"]
    assert kinds(lansdell.classifier(output="logistic")) == [*kinds(net), "Sigmoid"]
    assert not torch.equal(net[0].weight, lansdell.classifier(seed=1)[0].weight)


def test_weights_and_biases_have_the_variance_2_over_n_in():
    net = lansdell.classifier((600, 500), seed=3)
    for layer in linear(net)[:2]:
        expected = sqrt(2 / layer.in_features)
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert layer.weight.abs().max().item() > 3 * expected
    assert linear(net)[0].bias.std().item() == pytest.approx(sqrt(2 / 784), rel=0.1)


def test_the_autoencoder_and_its_noise():
    net = lansdell.autoencoder()
    assert kinds(net) == ["Linear", "Tanh", "Linear", "Linear", "Tanh", "Linear", "ReLU"]
    assert [part.out_features for part in linear(net)] == [200, 2, 200, 784]
    noisy = lansdell.autoencoder(noise=0.02)
    places = [at for at, part in enumerate(noisy) if isinstance(part, Noise)]
    assert places == [2, 4, 7]
    assert {part.c for part in noisy if isinstance(part, Noise)} == {0.02}
    assert torch.equal(net[0].weight, noisy[0].weight)


def test_published_autoencoders_start_from_a_cut_distribution_and_biases_of_a_tenth():
    net = lansdell.autoencoder((50, 2, 50), published=True)
    for layer in linear(net):
        deviation = sqrt(2 / layer.in_features)
        assert layer.weight.abs().max() <= 2 * deviation
        assert torch.all(layer.bias == 0.1)
    # the standard deviation of a normal distribution that is cut at 2
    assert net[0].weight.std().item() == pytest.approx(0.8796 * sqrt(2 / 784), rel=0.02)


def test_the_cnn():
    net = lansdell.cnn()
    shapes, x = [], torch.zeros(1, 3072)
    with torch.no_grad():
        for part in net.eval():
            x = part(x)
            if isinstance(part, nn.ReLU):
                shapes.append(tuple(x.shape[1:]))
    assert shapes == [(32, 16, 16), (128, 8, 8), (256, 4, 4), (2048,), (2048,)]
    assert x.shape == (1, 10)
    assert [part.p for part in net if isinstance(part, nn.Dropout)] == [0.5, 0.5]
    assert all(torch.all(layer.bias == 0) for layer in linear(net))
    small = lansdell.cnn((2, 3, 4), (6, 5), classes=7, noise=0.1)
    assert sum(isinstance(part, Noise) for part in small) == 5
    assert isinstance(convert(small, "DFA", shape=(3072,)), Stack)


def test_noise_does_not_move_the_mean():
    net = lansdell.autoencoder((8, 2, 8), features=9, noise=0.1)
    x = torch.rand(1, 9).expand(20_000, 9)
    code = net[:5]
    noisy, exact = code.train()(x), code.eval()(x[:1])
    # c of its own, and c times the norm of the weights onto each neuron from the layer below
    spread = 0.1 * (1 + net[3].weight.square().sum(1)).sqrt()
    torch.testing.assert_close(noisy.std(0), spread, rtol=0.03, atol=0)
    assert np.abs((noisy.mean(0) - exact).detach().numpy()).max() < 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: lansdell.classifier((5, 0)),
            r"hidden: whole numbers of .* \(got \(5, 0\)",
        ),
        (lambda: lansdell.classifier(output="tanh"), r"output: one of linear, logistic.*'tanh'"),
        (lambda: lansdell.autoencoder((5, 2)), r"hidden: 3 whole numbers of at least 1"),
        (lambda: lansdell.autoencoder(noise=-1.0), r"Noise\.c: a finite number of at least 0"),
        (lambda: lansdell.cnn((1, 2)), r"maps: 3 whole numbers of at least 1 \(got \(1, 2\)\)"),
        (lambda: lansdell.cnn(dropout=1.0), r"dropout: a fraction from 0 to below 1 \(got 1.0\)"),
        (lambda: lansdell.cnn(classes=0), r"classes: whole numbers of at least 1"),
    ],
)
def test_networks_that_cannot_be(make, message):
    with pytest.raises(InputError, match=message):
        make()
