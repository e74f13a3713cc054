# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Whom a letter should reach before a filing
#
# For the tenants' office of the invented city: how well a model finds households at risk, and how evenly it errs.

# %% tags: parameters
share = 0.1  # the share of households that can be written to

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from sklearn.model_selection import train_test_split

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Households
#
# Households are drawn from a generator. Risk rises with the rent burden and with past filings, and not with the group.

# %%
rng = np.random.default_rng(404)
size = 24_000
homes = pd.DataFrame(
    {
        "burden": rng.beta(2, 4, size),
        "filings": rng.poisson(0.4, size),
        "tenure": rng.exponential(5, size),
        "children": rng.integers(0, 4, size),
        "units": rng.choice([1, 4, 12, 60], size),
        "group": rng.choice(["A", "B", "C"], size, p=[0.5, 0.3, 0.2]),
    }
)
score = -3.2 + 4 * homes["burden"] + 0.7 * homes["filings"] - 0.08 * homes["tenure"] + 0.3 * (homes["units"] > 10)
homes["filed"] = rng.random(size) < 1 / (1 + np.exp(-score))
homes.groupby("group")["filed"].agg(["mean", "size"]).round(3)

# %%
features = homes.drop(columns=["filed", "group"])
train, test, told, truth = train_test_split(features, homes["filed"], test_size=0.4, random_state=4)
models = {
    "logistic": LogisticRegression(max_iter=400),
    "boosted": HistGradientBoostingClassifier(max_iter=40, random_state=4),
    "forest": RandomForestClassifier(60, min_samples_leaf=20, random_state=4),
}
scores = {name: model.fit(train, told).predict_proba(test)[:, 1] for name, model in models.items()}
quality = pd.DataFrame(
    {name: [roc_auc_score(truth, found), average_precision_score(truth, found)] for name, found in scores.items()},
    index=["area under ROC", "average precision"],
).T
quality.round(4)

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4))
for name, found in scores.items():
    axes[0].plot(*roc_curve(truth, found)[:2], label=name)
    axes[1].plot(*reversed(calibration_curve(truth, found, n_bins=12)), marker="o", ms=3, label=name)
axes[0].legend()
plt.show()

# %% [markdown]
# ## Errors by group
#
# A letter goes to the households with the highest scores. The rate of those missed is compared between groups, with
# intervals by resampling.

# %%
found = pd.Series(scores["boosted"], test.index)
people = homes.loc[test.index].assign(reached=found >= found.quantile(1 - share))


def missed(frame):
    return 1 - frame[frame["filed"]].groupby("group")["reached"].mean()


draws = pd.DataFrame([missed(people.sample(frac=1, replace=True, random_state=i)) for i in range(130)])
errors = draws.quantile([0.025, 0.5, 0.975]).T
errors.round(3)

# %%
hits = people.loc[people["reached"], "filed"]
low, high = stats.binomtest(int(hits.sum()), len(hits)).proportion_ci()
publish.finding(
    "precision",
    float(100 * hits.mean()),
    unit="percent",
    interval=(float(100 * low), float(100 * high)),
    n=len(hits),
    denominator="households that would get a letter",
    period="2019",
    higher_is="better",
)

# %%
check = round(1e5 * quality.to_numpy().sum() + 1e4 * errors.to_numpy().sum())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# Of the households written to, {{ precision }} would have been filed against. The control total is {{ check }}, made
# after {{ revision }}.
