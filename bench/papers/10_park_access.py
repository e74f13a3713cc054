# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Who lives far from a park
#
# For the parks office of the invented city: distances on foot from every block to the nearest park, by income.

# %% tags: parameters
clusters = 6  # how many kinds of neighborhood are told apart

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from scipy.cluster.hierarchy import linkage
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.neighbors import BallTree
from sklearn.preprocessing import StandardScaler

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Blocks and parks
#
# Blocks lie on a plane, parks are scarce in the east. Distances are straight lines, lengthened by a usual factor.

# %%
rng = np.random.default_rng(1010)
size = 45_000
where = rng.uniform(0, 30, (size, 2))
parks = rng.uniform(0, 30, (400, 2))
parks = parks[rng.random(len(parks)) < 1 - 0.025 * parks[:, 0]]
tree = BallTree(parks)
distance, nearest = tree.query(where, k=3)
blocks = pd.DataFrame(
    {"x": where[:, 0], "y": where[:, 1], "walk": 1.3 * distance[:, 0], "choice": 1.3 * distance.mean(axis=1)}
)
blocks["income"] = np.exp(rng.normal(11 - 0.01 * blocks["x"], 0.4))
blocks["people"] = rng.poisson(60, size)
blocks["age"] = rng.normal(38, 8, size)
blocks["quintile"] = pd.qcut(blocks["income"], 5, labels=["lowest", "second", "third", "fourth", "highest"])
blocks.groupby("quintile", observed=True)["walk"].describe().round(3)

# %%
scaled = StandardScaler().fit_transform(blocks[["x", "y", "walk", "income", "age"]])
kinds = KMeans(clusters, n_init=3, random_state=10).fit(scaled)
quality = silhouette_score(scaled, kinds.labels_, sample_size=2500, random_state=10)
profile = (
    blocks.assign(kind=kinds.labels_).groupby("kind")[["walk", "choice", "income", "age"]].mean().sort_values("walk")
)
profile.round(2)

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 4.5))
shown = blocks.iloc[::6]
axes[0].scatter(shown["x"], shown["y"], c=shown["walk"], s=3)
axes[0].scatter(*parks.T, marker="^", s=10, color="black")
sns.violinplot(blocks.iloc[::4], x="quintile", y="walk", ax=axes[1])
plt.show()

# %%
sample = blocks.sample(250, random_state=10).select_dtypes("number")
sns.clustermap(sample.corr(), figsize=(5, 5))
plt.show()

# %% [markdown]
# ## Is the difference real
#
# A quantile regression tells about the long walks, and a permutation test about the medians.

# %%
long_walk = smf.quantreg("walk ~ np.log(income) + age + x", blocks.sample(6000, random_state=1)).fit(q=0.9)
rich = (blocks["quintile"] == "highest").to_numpy()
walk = blocks["walk"].to_numpy()
seen = np.median(walk[rich]) - np.median(walk[~rich])
chance = np.array([np.median(walk[p]) - np.median(walk[~p]) for p in (rng.permutation(rich) for _ in range(250))])
print(f"difference {seen:.4f}, by chance at most {np.abs(chance).max():.4f}")
long_walk.params.round(4)

# %%
near = blocks["walk"] < 0.8
share = float(100 * np.average(near, weights=blocks["people"]))
error = 196 * np.sqrt(near.mean() * (1 - near.mean()) / size)
publish.finding(
    "near",
    share,
    unit="percent",
    interval=(share - error, share + error),
    n=int(blocks["people"].sum()),
    denominator="people of the invented city",
    period="2019",
    higher_is="better",
)

# %%
check = round(1e4 * quality + 1e4 * abs(seen) + 1000 * profile["walk"].sum() + 1000 * long_walk.params.abs().sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# Of all people, {{ near }} live a short walk from a park. The control total is {{ check }}, made after {{ revision }}.
