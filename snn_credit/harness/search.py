"""A search for settings that several processes share, and that can be stopped and gone on with.

Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) proposes each trial from those in a
storage, which any number of processes may have open at once. The number of trials is a total: of
all processes, and of all runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from snn_credit.errors import InputError
from snn_credit.progress import Progress, Silent

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.samplers import TPESampler
    from optuna.storages import RDBStorage

#: Seconds between two signs of life of a trial; one that gives none for three times as long is lost
#: with its process, and another takes its place.
HEARTBEAT = 10


#: What a trial has from the moment on that it gives signs of life.
_BEGUN = "begun"


class _SurplusError(Exception):
    """Another process began the last trial at the same time."""


def search(
    objective: Callable[[Trial], float],
    *,
    name: str,
    storage: str,
    total: int,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Study:
    """Maximise an objective over a number of trials; return the study when all are complete.

    A trial's proposal depends on the seed, the study's name, its number and the trials before it:
    one process alone proposes the same ones each time. While other processes have the last trials
    this one waits for them.

    Parameters
    ----------
    objective : callable
        Given a trial, which it asks for settings, their value. An error in it ends the search; the
        trial does not count.
    name : str
        Of the study within the storage.
    storage : str
        An URL, such as ``sqlite:////home/me/study.db``.
    total : int
        Trials of all processes together, with those that the storage holds already.
    seed : int
        Of the proposals.
    settings : mapping, optional
        What the objective's values depend on besides the trial; a study that was begun with others
        is refused.
    progress : Progress, optional
        Who to tell.

    Raises
    ------
    InputError
        If optuna is not installed, the storage cannot be opened, or holds a study of that name with
        other settings.
    """
    study = _open(name, storage, dict(settings or {}))
    told = progress or Silent()
    told.start(total, "trials", name)

    def attempt(trial: Trial) -> float:
        earlier = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number]
        if sum(t.state.name in ("COMPLETE", "RUNNING") for t in earlier) >= total:
            raise _SurplusError
        trial.set_user_attr(_BEGUN, True)
        study.sampler = _sampler(seed, name, trial.number)
        return objective(trial)

    try:
        while True:
            states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
            done = states.count("COMPLETE")
            told.update(min(done, total))
            if done >= total:
                return study
            if done + states.count("RUNNING") < total:
                study.optimize(attempt, n_trials=1, catch=(_SurplusError,))
            else:
                time.sleep(0.5)
                _fail_stale(study)
    finally:
        told.stop()


def _sampler(seed: int, name: str, number: int) -> TPESampler:
    import numpy as np
    from optuna.samplers import TPESampler

    # univariate, as in the paper: all is proposed when it is asked for, by this sampler
    own = int(np.random.SeedSequence((seed, *name.encode(), number)).generate_state(1)[0])
    return TPESampler(seed=own, multivariate=False)


def _open(name: str, storage: str, settings: dict[str, Any]) -> Study:
    try:
        import optuna
    except ImportError:
        raise InputError(
            "search: expected optuna (got none); type: pip install 'optuna>=4'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = _created(name, storage)
    if not study.get_trials(deepcopy=False) and "settings" not in study.user_attrs:
        study.set_user_attr("settings", settings)
    begun = study.user_attrs.get("settings", {})
    for key in sorted({*begun, *settings}):
        if begun.get(key) != settings.get(key):
            raise InputError(
                f"storage: a study {name!r} with {key} = {settings.get(key)} (got one with "
                f"{begun.get(key)} in {storage})"
            )
    return study


def _created(name: str, storage: str) -> Study:
    """Make or load a study, again where two processes made the same tables at once."""
    import optuna

    for left in reversed(range(5)):
        try:
            return optuna.create_study(
                storage=_storage(storage),
                study_name=name,
                direction="maximize",
                load_if_exists=True,
            )
        except Exception as error:  # whatever a data base's driver raises
            if not left:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise InputError(
                    f"storage: a data base that opens (got {storage}: {reason})"
                ) from None
        time.sleep(0.3)
    raise AssertionError


def _storage(url: str) -> RDBStorage:
    import warnings

    from optuna.storages import RDBStorage

    # A data base in a file is locked for moments while another process writes.
    patient = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heartbeats are called experimental
        return RDBStorage(
            url, engine_kwargs=patient, heartbeat_interval=HEARTBEAT, grace_period=3 * HEARTBEAT
        )


def _fail_stale(study: Study) -> None:
    import warnings

    from optuna.storages import fail_stale_trials
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fail_stale_trials(study)
    # A process that ends between a trial's first entry and its first sign of life leaves one that
    # the storage takes for alive.
    latest = datetime.now() - timedelta(seconds=3 * HEARTBEAT)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if _BEGUN not in trial.user_attrs and (trial.datetime_start or latest) <= latest:
            study.tell(trial.number, state=TrialState.FAIL)
