# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Which streets to inspect first
#
# For the street office of the invented city: what inspections cost, what they find, and which order finds most.

# %% tags: parameters
estimators = 50  # trees of the forest

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Streets
#
# Age, traffic, trees and past repairs of every block, and the condition an inspector found.

# %%
rng = np.random.default_rng(707)
size = 9_000
blocks = pd.DataFrame(
    {
        "age": rng.integers(1, 70, size),
        "traffic": rng.lognormal(7, 1, size),
        "trees": rng.poisson(4, size),
        "repairs": rng.poisson(1.2, size),
        "slope": rng.gamma(2, 1.5, size),
        "soil": rng.choice(["clay", "sand", "loam"], size),
    }
)
blocks["condition"] = (
    95
    - 0.5 * blocks["age"]
    - 3 * np.log1p(blocks["traffic"] / 1000)
    - 0.9 * blocks["trees"] * (blocks["soil"] == "clay")
    - 1.5 * blocks["repairs"]
    + rng.normal(0, 7, size)
)
blocks.corr(numeric_only=True).round(2)

# %%
grid = sns.pairplot(
    blocks.sample(400, random_state=7), vars=["age", "trees", "condition"], hue="soil", plot_kws={"s": 8}, height=1.8
)
plt.show()

# %%
design = pd.get_dummies(blocks.drop(columns="condition"), dtype=float)
train, test, told, truth = train_test_split(design, blocks["condition"], random_state=7)
forest = RandomForestRegressor(estimators, min_samples_leaf=5, max_features=0.5, random_state=7).fit(train, told)
importance = permutation_importance(forest, test, truth, n_repeats=3, random_state=7)
ranked = pd.DataFrame({"drop": importance.importances_mean, "spread": importance.importances_std}, design.columns)
ranked.sort_values("drop", ascending=False).round(4)

# %% [markdown]
# ## Worth of an order
#
# If crews can see only some blocks, how many of the bad ones do they find by the model's order, and by age alone.

# %%
order = pd.DataFrame({"bad": truth < 55, "model": forest.predict(test), "age": -test["age"]})
curves = {name: order.sort_values(name)["bad"].cumsum().to_numpy() / order["bad"].sum() for name in ("model", "age")}
figure, axes = plt.subplots(figsize=(6, 4))
for name, curve in curves.items():
    axes.plot(np.linspace(0, 1, len(curve)), curve, label=name)
axes.legend()
plt.show()

# %%
line = smf.rlm("condition ~ age + np.log1p(traffic) + trees * C(soil) + repairs", blocks).fit()
line.summary2().tables[1].round(3)

# %%
fifth = len(order) // 5
caught = int(order.sort_values("model")["bad"].head(fifth).sum())
low, high = stats.binomtest(caught, int(order["bad"].sum())).proportion_ci()
publish.finding(
    "caught",
    float(100 * curves["model"][fifth - 1]),
    unit="percent",
    interval=(float(100 * low), float(100 * high)),
    n=int(order["bad"].sum()),
    denominator="blocks in bad condition",
    period="2019",
    higher_is="better",
)

# %%
check = round(1e4 * forest.score(test, truth) + 1e3 * ranked["drop"].sum() + 1e3 * line.params.abs().sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# Seeing the blocks that the model puts first finds {{ caught }} of those in bad condition. The control total is
# {{ check }}, made after {{ revision }}.
