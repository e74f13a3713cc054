# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Calls for repairs in one district
#
# A short page, issued for very many districts of the invented city.

# %% tags: parameters
district = "d0000"  # a district by its key

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## The calls
#
# Calls are drawn from a generator seeded by the number of the district.

# %%
number = int(district.removeprefix("d"))
rng = np.random.default_rng(5000 + number)
calls = pd.DataFrame({"month": rng.integers(1, 13, 60_000), "days": rng.gamma(2.0, 3 + number % 7 / 10, 60_000)})
by_month = calls.groupby("month", as_index=False)["days"].agg(["median", "mean", "size"])
draws = [rng.choice(calls["days"].to_numpy(), 3_000).mean() for _ in range(1_600)]
low, high = np.quantile(draws, [0.025, 0.975])

# %%
publish.finding(
    "wait",
    float(calls["days"].mean()),
    unit="days",
    interval=(float(min(low, calls["days"].mean())), float(max(high, calls["days"].mean()))),
    n=len(calls),
    denominator="calls of the invented city",
    period="2019",
    higher_is="worse",
)
publish.table(
    "months",
    by_month.astype({"month": str}),
    title="Days by month",
    columns={
        "month": publish.Column(label="Month"),
        "median": publish.Column(label="Median", unit="days", decimals=1),
        "size": publish.Column(label="Calls", unit="count"),
    },
)

# %%
check = round(1e5 * calls["days"].mean())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# A repair takes {{ wait }} on average ({{ table("months") }}). The control total is {{ check }}.
