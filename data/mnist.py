"""MNIST from its four official IDX files: 60,000 and 10,000 handwritten digits of 28x28.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), "Gradient-based learning applied to
document recognition", Proc. IEEE 86:2278-2324.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import files, idx
from snn_credit.data.dataset import Dataset, Part, of_bytes

# Of the uncompressed bytes: the gzipped ones differ from mirror to mirror.
SHA256: Mapping[str, str] = MappingProxyType(
    {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    }
)


def load(validation: int = 5000, sha256: Mapping[str, str] = SHA256) -> Dataset:
    """Load MNIST, with validation images held out of the official training set.

    Parameters
    ----------
    validation : int
        How many of the 60,000 training images to hold out, stratified and always the same ones;
        10,000 leaves the usual 50,000. The 10,000 test images are the official ones.
    sha256 : mapping of str to str
        File name to checksum of the uncompressed bytes.

    Returns
    -------
    Dataset
        Pixels are 0, 1/255 .. 1; `image_shape` is (28, 28).

    Raises
    ------
    InputError
        The files are not there (the message says where was looked and what to type), are damaged
        or are not the official ones, or `validation` leaves no training image.
    """
    paths = files.find("mnist", sha256)

    def array(file: str, dimensions: int) -> NDArray[np.uint8]:
        content = files.read_bytes(paths[file])
        # The layout first: "truncated" says more than a checksum that differs.
        parsed = idx.parse(content, dimensions, "uint8", str(paths[file]))
        files.check_sha256(content, sha256[file], paths[file])
        return parsed

    def part(prefix: str) -> Part:
        images = array(f"{prefix}-images-idx3-ubyte", 3)
        return images, array(f"{prefix}-labels-idx1-ubyte", 1).astype(np.int64)

    return of_bytes("mnist", part("train"), part("t10k"), classes=10, validation=validation)
