"""Where data sets can be downloaded from, and the checksums of their files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from snn_credit.data import mnist, svhn

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
CIFAR_URL = "https://www.cs.toronto.edu/~kriz/"
SVHN_URL = "http://ufldl.stanford.edu/housenumbers/"


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set on the network.

    Attributes
    ----------
    base_url : str
        Folder that serves the files.
    sha256 : mapping of str to str
        Official file name to checksum.
    suffix : str
        What a served file's name has beside the official one. ``.gz``: files are compressed on
        their way, which every mirror does in its own manner, and checksums are of the uncompressed
        bytes. None: files come as they are published, and checksums are of these bytes.
    folder : str, optional
        Which folder in the cache they go to, if not the one of the data set's own name.
    """

    base_url: str
    sha256: Mapping[str, str]
    suffix: str = ""
    folder: str | None = None


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "mnist": Source(MNIST_URL, mnist.SHA256, suffix=".gz"),
        "cifar10": Source(
            CIFAR_URL,
            {
                "cifar-10-binary.tar.gz": (
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
                )
            },
        ),
        "cifar100": Source(
            CIFAR_URL,
            {
                "cifar-100-binary.tar.gz": (
                    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
                )
            },
        ),
        "svhn": Source(SVHN_URL, {file: svhn.SHA256[file] for file in (svhn.TRAIN, svhn.TEST)}),
        "svhn-extra": Source(SVHN_URL, {svhn.EXTRA: svhn.SHA256[svhn.EXTRA]}, folder="svhn"),
    }
)
