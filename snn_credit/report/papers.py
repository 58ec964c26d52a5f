"""The papers that experiments are from, in full."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """A citation and where to find it."""

    citation: str
    doi: str

    @property
    def link(self) -> str:
        """The address that the DOI stands for."""
        return f"https://doi.org/{self.doi}"


LILLICRAP = Paper(
    "Lillicrap, T. P., Cownden, D., Tweed, D. B. & Akerman, C. J. (2016). Random synaptic feedback "
    "weights support error backpropagation for deep learning. Nature Communications 7, 13276.",
    "10.1038/ncomms13276",
)
MOSKOVITZ = Paper(
    "Moskovitz, T. H., Litwin-Kumar, A. & Abbott, L. F. (2018). Feedback alignment in deep "
    "convolutional networks. arXiv:1812.06488.",
    "10.48550/arXiv.1812.06488",
)
LANSDELL = Paper(
    "Lansdell, B. J., Prakash, P. R. & Kording, K. P. (2020). Learning to solve the credit "
    "assignment problem. ICLR 2020. arXiv:1906.00889.",
    "10.48550/arXiv.1906.00889",
)
KUNIN = Paper(
    "Kunin, D., Nayebi, A., Sagastuy-Brena, J., Ganguli, S., Bloom, J. M. & Yamins, D. L. K. "
    "(2020). Two routes to scalable credit assignment without weight symmetry. ICML 2020. "
    "arXiv:2003.01513.",
    "10.48550/arXiv.2003.01513",
)
DELLAFERRERA = Paper(
    "Dellaferrera, G. & Kreiman, G. (2022). Error-driven input modulation: solving the credit "
    "assignment problem without a backward pass. ICML 2022. arXiv:2201.11665.",
    "10.48550/arXiv.2201.11665",
)
FIETE = Paper(
    "Fiete, I. R. & Seung, H. S. (2006). Gradient learning in spiking neural networks by dynamic "
    "perturbation of conductances. Physical Review Letters 97, 048104.",
    "10.1103/PhysRevLett.97.048104",
)
SPIKING_DISCONTINUITY = Paper(
    "Lansdell, B. J. & Kording, K. P. (2019). Neural spiking for causal inference. bioRxiv 253351.",
    "10.1101/253351",
)
GUERGUIEV = Paper(
    "Guerguiev, J., Kording, K. P. & Richards, B. A. (2019). Spike-based causal inference for "
    "weight alignment. arXiv:1910.01689.",
    "10.48550/arXiv.1910.01689",
)

#: What an experiment calls its paper -> the paper.
PAPERS: dict[str, Paper] = {
    "Lillicrap et al. 2016": LILLICRAP,
    "Moskovitz, Litwin-Kumar & Abbott 2018": MOSKOVITZ,
    "Lansdell, Prakash & Kording 2020": LANSDELL,
    "Lansdell et al. 2020": LANSDELL,
    "Kunin et al. 2020": KUNIN,
    "Dellaferrera & Kreiman 2022": DELLAFERRERA,
    "Fiete & Seung 2006": FIETE,
    "Lansdell & Kording 2019": SPIKING_DISCONTINUITY,
    "Guerguiev et al. 2019": GUERGUIEV,
}
_SETS = {"all five papers": (LILLICRAP, MOSKOVITZ, LANSDELL, KUNIN, DELLAFERRERA)}


def papers_of(name: str) -> tuple[Paper, ...]:
    """Return the papers behind ``Experiment.paper``; none for a name that is not known here."""
    if name in _SETS:
        return _SETS[name]
    names = (part.strip() for part in name.split(";"))
    return tuple(PAPERS[part] for part in names if part in PAPERS)
