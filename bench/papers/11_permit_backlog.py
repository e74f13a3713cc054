# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Where permits wait
#
# For the building office of the invented city: the way of each application through its steps,
# and where it stands still.

# %% tags: parameters
steps = 6  # how many desks an application passes

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## Two files that must be joined
#
# Applications come from one system and the desks' log from another; keys are written differently in the two.

# %%
rng = np.random.default_rng(1111)
size = 54_000
applications = pd.DataFrame(
    {
        "key": [f"BLD-{n:06d}" for n in range(size)],
        "kind": rng.choice(["new", "change", "sign", "solar", "pool"], size),
        "value": rng.lognormal(10, 1.2, size),
        "filed": pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 600, size), unit="D"),
    }
)
log = pd.DataFrame({"ref": np.repeat(applications["key"].str.replace("-", "/").str.lower(), steps).to_numpy()})
log["desk"] = np.tile(np.arange(1, steps + 1), size)
log["days"] = rng.gamma(1.4, 2 + log["desk"].map({1: 1, 2: 2, 3: 9, 4: 3, 5: 2, 6: 1}).fillna(1))
log = log.sample(frac=1, random_state=11).drop_duplicates(["ref", "desk"])
log.head()

# %%
log["key"] = log["ref"].str.upper().str.replace("/", "-", regex=False)
joined = applications.merge(log, on="key", how="left", validate="one_to_many")
joined = joined.sort_values(["key", "desk"])
joined["done"] = joined["filed"] + pd.to_timedelta(joined.groupby("key")["days"].cumsum(), unit="D")
spent = joined.pivot_table(index="kind", columns="desk", values="days", aggfunc=["median", "mean"])
spent.round(1)

# %%
figure, axes = plt.subplots(figsize=(9, 4))
sns.boxenplot(joined.iloc[::3], x="desk", y="days", ax=axes)
axes.set(yscale="log")
plt.show()

# %% [markdown]
# ## The queue
#
# Applications at each desk on each day, counted from when they came and went.

# %%
joined["came"] = joined.groupby("key")["done"].shift().fillna(joined["filed"])
calendar = pd.date_range("2018-01-01", "2019-12-31", freq="D")
queues = pd.DataFrame(index=calendar)
for desk, rows in joined.groupby("desk"):
    came = rows["came"].dt.normalize().value_counts().reindex(calendar, fill_value=0).cumsum()
    left = rows["done"].dt.normalize().value_counts().reindex(calendar, fill_value=0).cumsum()
    queues[f"desk {desk}"] = came - left
axes = queues.plot(figsize=(9, 4))
plt.show()
queues.resample("QS").mean().round(0)

# %%
whole = joined.groupby(["key", "kind", "value"], as_index=False)["days"].sum()
whole["log_value"] = np.log(whole["value"])
middle = smf.quantreg("days ~ C(kind) + log_value", whole.iloc[::4]).fit(q=0.5)
tail = smf.quantreg("days ~ C(kind) + log_value", whole.iloc[::4]).fit(q=0.9)
line = make_pipeline(make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough"), Ridge())
score = cross_val_score(line, whole[["kind", "log_value"]], whole["days"], cv=5)
pd.concat({"middle": middle.params, "tail": tail.params}, axis=1).round(3)

# %%
slowest = 100 * joined.loc[joined["desk"] == 3, "days"].sum() / joined["days"].sum()
publish.finding(
    "third_desk",
    float(slowest),
    unit="percent",
    interval=(float(slowest - 0.4), float(slowest + 0.4)),
    n=size,
    denominator="all days an application waits",
    period="2018 to 2019",
    higher_is="worse",
)

# %%
check = round(queues.to_numpy().sum() / 100 + 1000 * tail.params.abs().sum() + 1000 * slowest)
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# The slowest desk takes {{ third_desk }} of all waiting. The control total is {{ check }}, made after {{ revision }}.
