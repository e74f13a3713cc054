# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Where slower streets saved people
#
# For the transport office of the invented city: collisions at intersections before and after speeds were lowered.

# %% tags: parameters
draws = 6000  # how often intersections are resampled

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Intersections
#
# Traffic, lanes and collisions by intersection and year; some were given a lower limit in the middle of the series.

# %%
rng = np.random.default_rng(505)
places, years = 4800, np.arange(2012, 2020)
sites = pd.DataFrame(
    {"traffic": rng.lognormal(9, 0.5, places), "lanes": rng.integers(2, 7, places), "school": rng.random(places) < 0.2}
)
sites["treated"] = rng.random(places) < 1 / (1 + np.exp(2.2 - 0.4 * sites["lanes"]))
panel = sites.merge(pd.DataFrame({"year": years}), how="cross").assign(site=np.repeat(np.arange(places), len(years)))
panel["after"] = panel["year"] >= 2016
rate = np.exp(-8 + np.log(panel["traffic"]) + 0.1 * panel["lanes"] - 0.25 * (panel["treated"] & panel["after"]))
panel["collisions"] = rng.poisson(rate * rng.gamma(4, 0.25, len(panel)))
panel.groupby(["treated", "after"])["collisions"].agg(["mean", "var", "size"]).round(2)

# %% [markdown]
# ## Counts vary more than chance
#
# A Poisson model is compared with a negative binomial one; the interaction of treated and after is the effect.

# %%
frame = panel.assign(treated=panel["treated"].astype(int), after=panel["after"].astype(int))
formula = "collisions ~ treated * after + lanes + school + C(year)"
offset = np.log(frame["traffic"])
poisson = smf.glm(formula, frame, offset=offset, family=sm.families.Poisson()).fit()
binomial = smf.glm(formula, frame, offset=offset, family=sm.families.NegativeBinomial(alpha=0.25)).fit()
robust = smf.glm(formula, frame, offset=offset, family=sm.families.Poisson()).fit(
    cov_type="cluster", cov_kwds={"groups": frame["site"]}
)
pd.DataFrame({"poisson": poisson.bse, "negative binomial": binomial.bse, "clustered": robust.bse}).round(4)

# %%
scaled = StandardScaler().fit_transform(sites[["traffic", "lanes", "school"]].astype(float))
treated = sites["treated"].to_numpy()
_, near = NearestNeighbors(n_neighbors=3).fit(scaled[~treated]).kneighbors(scaled[treated])
wide = panel.pivot_table(index="site", columns="after", values="collisions", aggfunc="mean")
change = (wide[True] - wide[False]).to_numpy()
gap = change[treated] - change[~treated][near].mean(axis=1)
resampled = np.array([gap[rng.integers(0, len(gap), len(gap))].mean() for _ in range(draws)])
print(f"matched change {gap.mean():.3f} a year")

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4))
sns.histplot(resampled, kde=True, ax=axes[0])
sns.lineplot(panel, x="year", y="collisions", hue="treated", errorbar=("ci", 95), n_boot=400, seed=5, ax=axes[1])
plt.show()

# %%
effect = robust.params["treated:after"]
low, high = robust.conf_int().loc["treated:after"]
publish.finding(
    "saved",
    float(100 * np.expm1(effect)),
    unit="percent",
    change=True,
    n=int(panel["collisions"].sum()),
    interval=(float(100 * np.expm1(low)), float(100 * np.expm1(high))),
    denominator="collisions without lower limits",
    period="2012 to 2019",
    higher_is="worse",
)
by_year = panel.groupby("year", as_index=False)["collisions"].sum().astype({"year": str})
publish.table(
    "years",
    by_year,
    title="Collisions by year",
    sort="year",
    columns={"year": publish.Column(label="Year"), "collisions": publish.Column(label="Collisions", unit="count")},
)

# %%
check = round(1e5 * abs(effect) + 1e4 * abs(gap.mean()) + panel["collisions"].sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# After the limit was lowered, collisions {{ saved | moved }} ({{ table("years") }}). The control total is {{ check }},
# made after {{ revision }}.
