"""Reaching a Dask scheduler, or starting one here; every way in which that fails, in words."""

from __future__ import annotations

import logging
import warnings
from contextlib import closing
from importlib import import_module
from typing import Any

from analysis.project import AnalysisError

LOCAL = "local"


def connected(address: str, workers: int, patience: float) -> tuple[Any, Any]:
    """A client and, for ``local``, the cluster of ``workers`` processes started for it.

    Raises AnalysisError when Dask is not installed, the address is none, or nobody answers within ``patience`` seconds.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise AnalysisError("--dask needs the cluster extra: pip install 'angeleno[cluster]'") from None
    for name in ("distributed", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of their words, we say ourselves
    if address == LOCAL:
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
        return distributed.Client(cluster, set_as_default=False), cluster
    if "://" not in address:
        raise AnalysisError(f"--dask {address}: write the address as tcp://host:8786, or local to start workers here")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what differs is for us to judge, library by library
            return distributed.Client(address, timeout=patience, set_as_default=False), None
    except (OSError, TimeoutError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AnalysisError(
            f"no Dask scheduler answers at {address} ({reason}): start one with `dask scheduler`, "
            "or use --dask local to start workers on this machine"
        ) from None


def await_workers(client: Any, address: str, patience: float) -> None:
    """Wait until the scheduler has a worker. Raises AnalysisError when none comes within ``patience`` seconds."""
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError:
        raise AnalysisError(
            f"the Dask scheduler at {address} has no worker: start some with `dask worker {address} --nthreads 1`"
        ) from None


def disconnect(client: Any, cluster: Any) -> None:
    """Close what :func:`connected` opened."""
    with closing(client):
        pass
    if cluster is not None:
        cluster.close()
