# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # District brief: who waits for repairs
#
# One page per council district of the invented city, for the staff who plan the repair crews. The same notebook is
# issued for the whole city and for every district.

# %% tags: parameters
district = "all"  # all districts together, or one such as d07

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## The requests
#
# Every request carries the day it was opened, its kind, the age of the housing around it and whether the crew came in
# time. Requests are drawn anew for each district from a generator seeded by its name.

# %%
number = 0 if district == "all" else int(district.removeprefix("d"))
rng = np.random.default_rng(1000 + number)
size = 112_000
requests = pd.DataFrame(
    {
        "opened": pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 730, size), unit="D"),
        "kind": rng.choice(["pothole", "light", "sidewalk", "signal", "tree"], size, p=[0.3, 0.25, 0.2, 0.1, 0.15]),
        "age": rng.gamma(6.0, 9.0, size),
        "distance": rng.lognormal(0.5, 0.6, size),
    }
)
slow = 0.4 + 0.05 * number * (requests["kind"] == "tree") + 0.02 * (requests["age"] - 54)
requests["days"] = rng.gamma(2.0, np.exp(0.6 * slow + 0.1 * requests["distance"]))
requests["late"] = requests["days"] > 4
requests.describe()

# %%
monthly = requests.set_index("opened").groupby("kind").resample("MS")["days"].agg(["median", "mean", "size"])
monthly = monthly.reset_index()
monthly.pivot(index="opened", columns="kind", values="median").round(2).head(12)

# %%
figure, axes = plt.subplots(figsize=(8, 4))
sns.lineplot(monthly, x="opened", y="median", hue="kind", ax=axes)
axes.set(title="Median days to repair", xlabel="", ylabel="days")
plt.show()

# %% [markdown]
# ## What makes a repair late
#
# A logistic regression, checked out of sample, tells how the odds move with the age of the housing and the distance.

# %%
design = pd.get_dummies(requests[["kind", "age", "distance"]], drop_first=True, dtype=float)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
predicted = cross_val_predict(model, design, requests["late"], cv=5, method="predict_proba")[:, 1]
fitted = smf.logit("late ~ age + distance + C(kind)", requests.assign(late=requests["late"].astype(int))).fit(disp=0)
fitted.params.to_frame("log odds").join(fitted.conf_int().set_axis(["low", "high"], axis=1)).round(3)

# %%
days = requests["days"].to_numpy()
draws = np.array([days[rng.integers(0, size, size)].mean() for _ in range(500)])
low, high = np.quantile(draws, [0.025, 0.975])
publish.finding(
    "wait",
    float(days.mean()),
    unit="days",
    interval=(float(low), float(high)),
    n=size,
    period="2019 to 2020",
    denominator="requests of the invented city",
    higher_is="worse",
)

# %%
check = round(1000 * days.mean() + 1e6 * predicted.mean())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# A repair takes {{ wait }} on average. The control total of this page is {{ check }}, made after {{ revision }}.
