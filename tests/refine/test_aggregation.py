"""One expression, two engines really started: the figures are the same to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.project import AnalysisError
from analysis.refine.aggregation import collected, copy_to_server, on_parquet, on_server
from analysis.refine.service_requests import NOWHERE, daily_counts, with_hours
from postgres_server import postgres_server

KEY = ["date", "area_id", "kind"]
ROWS = 6_000


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    draw = np.random.default_rng(311)
    created = pd.Timestamp("2019-12-30") + pd.to_timedelta(draw.integers(0, 5 * 86_400, ROWS), unit="s")
    # Exactly a week, a second more, leap days, and none at all.
    took = draw.choice([0, 1, 604_800, 604_801, 5_184_000, 31_536_000], ROWS)
    closed = (pd.Series(created) + pd.to_timedelta(took, unit="s")).mask(draw.random(ROWS) < 0.1)
    area = pd.Series(draw.choice(["cd-01", "cd-02", "cd-15"], ROWS), dtype="str").mask(draw.random(ROWS) < 0.3)
    stated = pd.Series(draw.choice(["1", "2", "15"], ROWS), dtype="str").mask(draw.random(ROWS) < 0.3)
    kinds = ["Éclairage", "eclairage", "Zoo, 'x'", "a b"]
    return pd.DataFrame(
        {
            "request_id": [f"1-{n}" for n in range(ROWS)],
            "date": pd.Series(created).dt.normalize().astype("datetime64[us]"),
            "created": pd.Series(created).astype("datetime64[us]"),
            "closed": closed.astype("datetime64[us]"),
            "kind": draw.choice(kinds, ROWS),
            "stated_district": stated,
            "area_id": area,
        }
    )


@pytest.fixture(scope="module")
def path(requests: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("requests") / "requests.parquet"
    requests.to_parquet(found, index=False)
    return found


def by_hand(requests: pd.DataFrame) -> pd.DataFrame:
    """The same counts in plain pandas."""
    stated = "cd-" + requests["stated_district"].str.zfill(2)
    area = requests["area_id"].fillna(stated).fillna(NOWHERE)
    seconds = (requests["closed"] - requests["created"]).dt.total_seconds()
    rows = requests.assign(area_id=area, seconds=seconds, week=seconds <= 7 * 86_400)
    found = rows.groupby(KEY).agg(
        requests=("kind", "size"), closed=("seconds", "count"), closed_within_week=("week", "sum"),
        seconds=("seconds", "sum"),
    )  # fmt: skip
    return found.reset_index().astype({"seconds": "int64", "closed_within_week": "int64"})


def test_duckdb_counts_as_by_hand(requests: pd.DataFrame, path: Path) -> None:
    with on_parquet(path) as table:
        found = collected(daily_counts(table), KEY)
    assert found["requests"].sum() == ROWS
    assert found["area_id"].eq(NOWHERE).any()
    pd.testing.assert_frame_equal(found, by_hand(requests))


def test_postgresql_gives_the_same_frame(path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAL_URL", server)
    assert copy_to_server(path, "TRIAL_URL", "requests") == ROWS
    with on_server("TRIAL_URL", "requests") as there, on_parquet(path) as here:
        theirs, ours = collected(daily_counts(there), KEY), collected(daily_counts(here), KEY)
    pd.testing.assert_frame_equal(theirs, ours, check_exact=True)
    pd.testing.assert_frame_equal(with_hours(theirs), with_hours(ours), check_exact=True)


def test_a_mean_without_closed_requests_is_missing() -> None:
    frame = pd.DataFrame({"requests": [2, 1], "closed": [2, 0], "closed_within_week": [1, 0], "seconds": [7200, 0]})
    hours = with_hours(frame)["mean_hours_to_close"]
    assert hours[0] == 1.0
    assert np.isnan(hours[1])


def test_an_address_that_is_not_set(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIAL_URL", raising=False)
    with pytest.raises(AnalysisError, match="TRIAL_URL is not set"), on_server("TRIAL_URL", "requests"):
        pass
    with pytest.raises(AnalysisError, match="TRIAL_URL is not set"):
        copy_to_server(path, "TRIAL_URL", "requests")
