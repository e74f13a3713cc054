# ruff: noqa: B018, E402, F401
# %% [markdown] tags: title
# # Calls for service come in waves of a week and a year
#
# For the call center of the invented city: when people call, for what, and how long they wait.

# %% tags: parameters
kinds = 8  # how many kinds of request are told apart

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.linear_model import PoissonRegressor
from sklearn.preprocessing import SplineTransformer

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## A log of calls
#
# Three years of calls, one line each, read as text, because that is how the log arrives.

# %%
rng = np.random.default_rng(202)
size = 225_000
day = np.clip((rng.beta(2.2, 2.0, size) * 1095).astype(int), 0, 1094)
stamp = pd.Timestamp("2017-01-01") + pd.to_timedelta(
    day * 24 + rng.choice(24, size, p=np.r_[[0.01] * 6, [0.058] * 16, [0.006] * 2]), unit="h"
)
raw = pd.DataFrame(
    {
        "stamp": stamp.strftime("%m/%d/%Y %H:%M"),
        "kind": rng.integers(0, kinds, size),
        "wait": rng.gamma(2, 3, size).round(2),
    }
)
raw["kind"] = "K" + raw["kind"].astype(str)
raw.sample(5, random_state=1)

# %%
calls = raw.assign(stamp=pd.to_datetime(raw["stamp"], format="%m/%d/%Y %H:%M"))
calls["date"] = calls["stamp"].dt.normalize()
calls["weekday"] = calls["stamp"].dt.day_name()
calls["hour"] = calls["stamp"].dt.hour
calls = calls.drop_duplicates(["stamp", "kind", "wait"]).sort_values("stamp")
calls.groupby("kind")["wait"].describe(percentiles=[0.5, 0.9]).round(2)

# %%
grid = calls.pivot_table(index="weekday", columns="hour", values="wait", aggfunc="size", fill_value=0)
figure, axes = plt.subplots(figsize=(10, 3.5))
sns.heatmap(grid, cmap="viridis", ax=axes)
plt.show()

# %% [markdown]
# ## The shape of a year
#
# Daily counts are smoothed by a Poisson model with splines, and by a rolling mean as a second opinion.

# %%
daily = calls.groupby("date").size().asfreq("D", fill_value=0)
position = np.arange(len(daily))[:, None]
spline = SplineTransformer(n_knots=14).fit_transform(position)
week = pd.get_dummies(daily.index.dayofweek, dtype=float).to_numpy()
poisson = PoissonRegressor(alpha=1e-3, max_iter=300).fit(np.hstack([spline, week]), daily)
smooth = pd.Series(poisson.predict(np.hstack([spline, week])), daily.index)
rolling = daily.rolling(28, center=True).mean()

# %%
figure, axes = plt.subplots(figsize=(10, 4))
daily.plot(ax=axes, lw=0.5, alpha=0.6, label="calls a day")
rolling.plot(ax=axes, label="four weeks")
smooth.resample("W").mean().plot(ax=axes, label="model")
axes.legend()
plt.show()

# %%
waits = calls.groupby(["date", "kind"])["wait"].quantile([0.5, 0.9]).unstack()
waits.columns = ["median", "tail"]
late = waits.groupby("kind").agg(["mean", "std"]).round(3)
late

# %%
by_year = (
    calls.groupby(calls["stamp"].dt.year)["wait"]
    .agg(["mean", "sem", "size"])
    .reset_index(names="year")
    .astype({"year": str})
)
publish.table(
    "years",
    by_year[["year", "size"]],
    title="Calls by year",
    sort="year",
    columns={"year": publish.Column(label="Year"), "size": publish.Column(label="Calls", unit="count")},
)
publish.finding(
    "calls", len(calls), unit="count", no_interval="every call is in the log", noun="call", period="2017 to 2019"
)

# %%
check = round(smooth.sum() + 100 * waits["tail"].sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# The log holds {{ calls }} ({{ table("years") }}). The control total is {{ check }}, made after {{ revision }}.
