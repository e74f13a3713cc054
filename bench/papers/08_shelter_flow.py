# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # How many beds a winter needs
#
# For the homelessness office of the invented city: stays, returns and a simulation of nights.

# %% tags: parameters
winters = 6000  # how many winters are simulated

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Stays
#
# One line a stay; people are told apart by a number and come back more often after short stays.

# %%
rng = np.random.default_rng(808)
people = 30_000
stays = pd.DataFrame({"person": np.repeat(np.arange(people), rng.geometric(0.45, people))})
stays["night"] = rng.integers(0, 730, len(stays))
stays["length"] = np.ceil(rng.lognormal(2.2, 1.0, len(stays))).astype(int)
stays = stays.sort_values(["person", "night"], ignore_index=True)
stays["gap"] = stays.groupby("person")["night"].diff()
stays["number"] = stays.groupby("person").cumcount() + 1
stays.head(8)

# %%
totals = stays.groupby("person").agg(
    stays=("length", "size"), nights=("length", "sum"), longest=("length", "max"), gap=("gap", "mean")
)
scaled = StandardScaler().fit_transform(totals.fillna(730))
groups = KMeans(4, n_init=8, random_state=8).fit_predict(scaled)
profile = totals.assign(group=pd.Series(groups, totals.index).rank(method="dense").astype(int)).groupby("group").mean()
profile.sort_values("nights").round(1)

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4))
sns.ecdfplot(stays, x="length", log_scale=True, ax=axes[0])
sns.kdeplot(totals.query("stays > 1"), x="gap", ax=axes[1])
plt.show()

# %% [markdown]
# ## A simulated winter
#
# Arrivals by a Poisson process with a weekly wave, lengths drawn from the stays seen. The beds needed are the greatest
# number of people on one night.

# %%
pool = stays["length"].to_numpy()
nights = 120
wave = 40 + 8 * np.sin(2 * np.pi * np.arange(nights) / 7) + 0.1 * np.arange(nights)
peaks, paths = [], []
for _ in range(winters):
    arrivals = rng.poisson(wave)
    starts = np.repeat(np.arange(nights), arrivals)
    ends = np.minimum(starts + rng.choice(pool, len(starts)), nights)
    change = np.bincount(starts, minlength=nights + 1) - np.bincount(ends, minlength=nights + 1)
    path = change.cumsum()[:nights]
    paths.append(path)
    peaks.append(path.max())
paths = np.array(paths)

# %%
bands = pd.DataFrame(np.quantile(paths, [0.05, 0.5, 0.95], axis=0).T, columns=["low", "middle", "high"])
figure, axes = plt.subplots(figsize=(9, 4))
axes.fill_between(bands.index, bands["low"], bands["high"], alpha=0.3)
axes.plot(bands["middle"])
axes.set(xlabel="night", ylabel="people")
plt.show()

# %%
gaps = stays.dropna().assign(soon=lambda f: (f["gap"] < 60).astype(int))
back = smf.logit("soon ~ np.log(length) + number", gaps).fit(disp=0)
hazard = smf.glm(
    "gap ~ np.log(length) + number", gaps.query("gap > 0"), family=sm.families.Gamma(sm.families.links.Log())
).fit()
pd.concat({"return": back.params, "gap": hazard.params}, axis=1).round(4)

# %%
low, high = np.quantile(peaks, [0.025, 0.975])
publish.finding(
    "beds",
    float(np.mean(peaks)),
    unit="count",
    interval=(float(low), float(high)),
    n=winters,
    noun="bed",
    denominator="simulated winters",
    period="2020",
    higher_is="worse",
)

# %%
check = round(np.sum(peaks) + 1e4 * back.params.abs().sum() + 10 * profile["nights"].sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# A winter needs {{ beds }} at its peak. The control total is {{ check }}, made after {{ revision }}.
