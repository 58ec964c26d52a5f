"""Kunin et al. 2020, B.1, Table 5 and Fig S2: a search for the metaparameters of local rules.

Kunin, Nayebi, Sagastuy-Brena, Ganguli, Bloom & Yamins, "Two routes to scalable credit assignment
without weight symmetry", ICML (2020). A tree-structured Parzen estimator proposes settings out of
the four spaces of B.1.1 to B.1.4; the objective is the accuracy on validation images, and chance
where the training is not finite. The row of a space has its best trial, and the rows of IA's
choices the means over trials with and without each (A to I of Fig S2) and its importance (fANOVA).

``paper`` is ResNet-18 on ImageNet: 45 epochs a trial, 824 trials for WM and 628 for the rest
together. ``laptop`` has a small residual network on 8 x 8 digits: batches are scaled down with it,
and so is the learning rate that follows from them, lr |B| / batch. The space of B.1.1 leaves the
delay open; it is that of Table 5.

The study is a data base in the folder of the run, or wherever ``storage`` says. Several processes
can share it, each with an --out of its own, and each then has the whole result:

    snn-credit run kunin-search --seed 0 --out one --set storage=sqlite:////home/me/study.db &
    snn-credit run kunin-search --seed 0 --out two --set storage=sqlite:////home/me/study.db
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError, one_of
from snn_credit.experiments import kunin_resnet as networks
from snn_credit.experiments import kunin_training as shared
from snn_credit.experiments.kunin_methods import CENTRED, METHODS, PAPER, Method
from snn_credit.harness import Context, Experiment, Table, ordered, require, rises
from snn_credit.harness.search import search

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

SPACES = ("WM", "WM+AD", "WM+AD+OPS", "IA")
BEST, TEST = "best validation accuracy %", "its test accuracy %"
TRIALS, FAILED = "trials", "of them not finite"
WITH, WITHOUT, IMPORTANCE = "mean with %", "mean without %", "importance"
OPERATIONS = (
    *("fo_bias", "bo_bias", "fo_relu", "bo_relu", "fo_bwmc", "bi_bwmc"),
    *("fo_fwmc", "bo_fwmc", "fo_fwl2n", "bo_fwl2n", "bi_fwmc", "bi_fwl2n"),
)
#: The letters of Fig S2. B.1 has no choice of B, whether there is noise: here, whether much.
CHOICES: Mapping[str, str] = {
    "A": "bo_fwl2n",
    "B": "sigma > 0.5",
    "C": "delay",
    "D": "bo_relu",
    "E": "fo_relu",
    "F": "fo_bias",
    "G": "bi_fwmc",
    "H": "bi_fwl2n",
    "I": "fo_fwl2n",
}


@dataclass(frozen=True)
class Config(networks.Config):
    """Settings; the first of the ``networks`` is trained in each trial.

    ``trials`` are those of each space, in order, over all processes and runs. ``batches`` are the
    choices of the batch, of which ``batch`` has the learning rate ``lr``.
    """

    methods: tuple[str, ...] = ("BP", "FA")
    networks: tuple[str, ...] = ("ResNet-18",)
    spaces: tuple[str, ...] = SPACES
    trials: tuple[int, ...] = (824, 209, 209, 210)
    storage: str | None = None
    epochs: int = 45
    batch: int = 2048
    lr: float = 1.0
    batches: tuple[int, ...] = (256, 1024, 2048, 4096)
    warmup: float = 6.0
    drops: tuple[float, ...] = (30.0,)

    def __post_init__(self) -> None:
        super().__post_init__()
        for space in self.spaces:
            if space not in SPACES:
                raise InputError(f"spaces: {one_of(space, SPACES)} (got {space!r})")
        require(self, ("trials", "batches"), lambda n: n >= 1, "at least 1")
        if len(self.trials) != len(self.spaces):
            raise InputError(
                f"trials: a number for each of {len(self.spaces)} spaces (got {len(self.trials)})"
            )


def run(config: Config, context: Context) -> Table:
    """Search each space with one seed; draw what the choices are worth."""
    data, network, transform = networks.task(config, context, config.networks[0])

    def train(method: Method, name: str) -> tuple[dict[str, float], bool]:
        return shared.score(config, context.seed, data, network(), name, method, transform)

    rows: dict[str, dict[str, float | None]] = {}
    for name in config.methods:
        accuracy, failed = train(config.method(name), name)
        rows[name] = {BEST: accuracy["validation"], TEST: accuracy["test"], FAILED: float(failed)}
    for space, total in zip(config.spaces, config.trials, strict=True):

        def objective(trial: Trial, space: str = space) -> float:
            accuracy, failed = train(suggest(trial, space, config), space)
            trial.set_user_attr("test", accuracy["test"])
            trial.set_user_attr("failed", failed)
            return accuracy["validation"]

        study = search(
            objective, name=f"kunin-search {space}, seed {context.seed}", seed=context.seed,
            storage=config.storage or f"sqlite:///{context.out.absolute() / 'study.db'}",
            total=total, settings=_settings(config), progress=context.progress,
        )  # fmt: skip
        rows |= _rows(study, space)
        if space == "IA":
            _draw(study, context)
    return rows


def suggest(trial: Trial, space: str, config: Config) -> Method:
    """Ask a trial for the metaparameters of a space, B.1.1 to B.1.4."""
    decay = trial.suggest_float("beta", 1e-11, 1e7, log=True)
    amp = decay * trial.suggest_float("alpha / beta", 0.1, 200)
    noise = trial.suggest_float("sigma", 1e-10, 1)
    primitives = {"amp": amp, "decay": decay}
    if space == "WM":
        return Method(
            primitives, operations=CENTRED, noise=noise, optimiser="SGD", lr=1.0,
            delay=METHODS["WM"].delay, alternate=True,
        )  # fmt: skip
    batch = trial.suggest_categorical("batch", config.batches)
    operations: Sequence[str] = CENTRED
    if space != "WM+AD":
        operations = [each for each in OPERATIONS if trial.suggest_categorical(each, (False, True))]
    if space == "IA":
        primitives["null"] = trial.suggest_float("gamma", 1e-11, 1e7, log=True)
    return Method(
        primitives, operations=tuple(operations), noise=noise, optimiser="Adam",
        lr=trial.suggest_float("eta", 1e-6, 1e-2, log=True),
        delay=(delay := trial.suggest_categorical("delay", (0, 1, 2))), warm=delay == 0,
        alternate=trial.suggest_categorical("alternate", (False, True)),
        batch=batch, forward_lr=config.lr * batch / config.batch,
    )  # fmt: skip


def _settings(config: Config) -> dict[str, Any]:
    """Return what a trial's value depends on, besides the trial."""
    without = ("trials", "spaces", "storage", "methods", "evaluations")
    plain = {name: value for name, value in asdict(config).items() if name not in without}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}


def _rows(study: Study, space: str) -> dict[str, dict[str, float | None]]:
    best, done = study.best_trial, _complete(study)
    rows: dict[str, dict[str, float | None]] = {
        space: {
            BEST: best.value,
            TEST: best.user_attrs["test"],
            TRIALS: float(len(done)),
            FAILED: float(sum(trial.user_attrs["failed"] for trial in done)),
        }
    }
    if space == "IA":
        importances = _importances(study)
        for letter, name in CHOICES.items():
            groups = choice(done, name)
            rows[f"IA, {letter}: {name}"] = {
                WITH: groups[True][0],
                WITHOUT: groups[False][0],
                IMPORTANCE: importances.get("sigma" if letter == "B" else name),
            }
    return rows


def _complete(study: Study) -> list[FrozenTrial]:
    return [trial for trial in study.trials if trial.state.name == "COMPLETE"]


def choice(trials: Sequence[FrozenTrial], name: str) -> dict[bool, tuple[float | None, float]]:
    """Return mean and s.e.m. of the values of the trials with (True) and without something."""
    import numpy as np

    groups: dict[bool, list[float]] = {True: [], False: []}
    for trial in trials:
        chosen = trial.params["sigma"] > 0.5 if name not in trial.params else trial.params[name]
        groups[bool(chosen)].append(float(trial.value or 0.0))
    return {
        chosen: (
            float(np.mean(values)) if values else None,
            float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0,
        )
        for chosen, values in groups.items()
    }


def _importances(study: Study) -> dict[str, float]:
    """Return each setting's share of the variance; none where all trials are alike."""
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    if len({trial.value for trial in _complete(study)}) < 2:
        return {}
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))


def _draw(study: Study, context: Context) -> None:
    """Draw Fig S2: mean accuracy with and without each choice, and the s.e.m."""
    import numpy as np

    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import LEARNERS

    groups = [choice(_complete(study), name) for name in CHOICES.values()]
    traces = []
    for chosen, color, aside in ((True, LEARNERS[4], 0.1), (False, LEARNERS[0], -0.1)):
        places = [number + aside for number in range(len(groups))]
        means = np.array([group[chosen][0] for group in groups], float)  # NaN where there is none
        errors = [group[chosen][1] for group in groups]
        label = "with" if chosen else "without"
        traces.append(Trace(places, means, color, label, spread=errors, joined=False))
    panel = Panel(traces, "IA: what choices are worth", y_label="validation accuracy %",
                  x_names=list(CHOICES))  # fmt: skip
    trace_grid([[panel]], height=2.4).savefig(context.out / "choices.png")


LAPTOP: dict[str, Any] = {
    "data": "digits",
    "train_images": None, "validation_images": None, "test_images": None, "epochs": 4,
    "batches": (16, 64, 128, 256), "trials": (25, 25, 25, 75), "warmup": 0.3, "drops": (2.8,),
}  # fmt: skip
EXPERIMENT = Experiment(
    id="kunin-search",
    paper=PAPER,
    figure="B.1, Table 5, Fig S2",
    about="a shared search for the metaparameters of WM and IA, and what choices are worth",
    presets={
        "smoke": shared.smoke(
            Config(), networks=("ResNet-8",), trials=(2, 2, 2, 4), batches=(5, 10)
        ),
        "laptop": Config(
            networks=("ResNet-8",), **(shared.LAPTOP | LAPTOP)
        ),
        "paper": Config(),
    },
    run=run,
    cost=lambda config: shared.cost(
        config, 0.1 if config.networks[0] in networks.SMALL else 1500,
        1257 if config.data == "digits" else 1_271_167, sum(config.trials),
    ),
    claims=(
        ordered(BEST, "WM", "IA"),
        rises("IA, A: bo_fwl2n", WITHOUT, WITH, text="normalising B's output helps IA"),
    ),
)  # fmt: skip
