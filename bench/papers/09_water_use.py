# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Water use fell with the price, and heat hid it
#
# For the water office of the invented city: daily use of its zones, taken apart into heat, season and price.

# %% tags: parameters
zones = 48  # how many zones are metered

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from statsmodels.tsa.seasonal import STL

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Meters
#
# Four years of daily use by zone; readings that are missing are filled from the zone's own past.

# %%
rng = np.random.default_rng(909)
days = pd.date_range("2016-01-01", "2019-12-31", freq="D")
season = np.sin(2 * np.pi * (days.dayofyear.to_numpy() - 110) / 365.25)
heat = 21 + 8 * season + rng.normal(0, 3, len(days))
price = 1 + 0.15 * (days >= "2018-01-01")
zone = np.exp(rng.normal(3, 0.3, zones))
use = zone * np.exp(0.02 * heat - 0.4 * np.log(price))[:, None] * np.exp(rng.normal(0, 0.08, (len(days), zones)))
meters = pd.DataFrame(use, days, [f"Z{n:02d}" for n in range(zones)])
meters = meters.mask(rng.random(meters.shape) < 0.1)
meters.isna().mean().to_frame("missing").T.round(3)

# %%
filled = meters.interpolate(limit=3).fillna(meters.rolling(30, min_periods=5).median()).bfill()
long = filled.rename_axis("day").reset_index().melt("day", var_name="zone", value_name="use")
long["month"] = long["day"].dt.to_period("M").dt.to_timestamp()
monthly = long.pivot_table(index="zone", columns="month", values="use", aggfunc="mean")
figure, axes = plt.subplots(figsize=(10, 5))
sns.heatmap(monthly.div(monthly.mean(axis=1), axis=0), cmap="mako", ax=axes)
plt.show()

# %% [markdown]
# ## Season, trend, rest
#
# Each zone's series is decomposed by local regression; what the zones share is read from the first component.

# %%
trends = pd.DataFrame(
    {name: STL(filled[name].resample("W").mean(), period=52).fit().trend for name in filled.columns[:18]}
)
shared = PCA(3).fit(np.log(filled))
print("share of the first component", np.round(shared.explained_variance_ratio_[0], 4))
trends.iloc[::26].round(2)

# %%
frame = long.assign(heat=np.tile(heat, zones), raised=(long["day"] >= "2018-01-01").astype(int))
frame["log"] = np.log(frame["use"])
model = smf.ols("log ~ heat + raised + C(zone)", frame).fit(
    cov_type="cluster", cov_kwds={"groups": frame["zone"].astype("category").cat.codes}
)
ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(
    np.column_stack([heat, price, season, season**2]), np.log(filled).mean(axis=1)
)
model.params[["heat", "raised"]].to_frame("effect").round(4)

# %%
figure, axes = plt.subplots(figsize=(8, 4))
sns.regplot(
    x=heat[::5], y=np.log(filled).mean(axis=1).to_numpy()[::5], scatter_kws={"s": 6}, n_boot=200, seed=9, ax=axes
)
axes.set(xlabel="degrees", ylabel="log of use")
plt.show()

# %%
low, high = model.conf_int().loc["raised"]
publish.finding(
    "fell",
    float(100 * np.expm1(model.params["raised"])),
    unit="percent",
    change=True,
    n=len(frame),
    interval=(float(100 * np.expm1(low)), float(100 * np.expm1(high))),
    denominator="use at the old price",
    period="2016 to 2019",
    higher_is="worse",
)
by_zone = monthly.mean(axis=1).rename("use").reset_index()
publish.table(
    "by_zone",
    by_zone,
    title="Daily use by zone",
    sort="zone",
    columns={"zone": publish.Column(label="Zone"), "use": publish.Column(label="Use", unit="ratio", decimals=1)},
)

# %%
check = round(1e5 * model.params.abs().sum() + 1e4 * ridge.coef_.sum() + trends.iloc[-1].sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# After the price rose, use {{ fell | moved }} ({{ table("by_zone") }}). The control total is {{ check }}, made after
# {{ revision }}.
