# ruff: noqa: E402, F401
# %% [markdown] tags: title
# # Openings of businesses, and what to expect next year
#
# For the economic office of the invented city: registrations by month, their season, and a forecast that was tested.

# %% tags: parameters
horizon = 12  # months to look ahead

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.metrics import mean_absolute_percentage_error
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## The register
#
# One line a business, with the days it opened and closed; months are counted from them.

# %%
rng = np.random.default_rng(606)
months = pd.date_range("2008-01-01", "2019-12-01", freq="MS")
level = 220 + np.cumsum(rng.normal(0.6, 4, len(months))) + 30 * np.sin(2 * np.pi * months.month / 12)
opened = np.repeat(months, rng.poisson(level))
register = pd.DataFrame({"opened": opened + pd.to_timedelta(rng.integers(0, 28, len(opened)), unit="D")})
register["sector"] = rng.choice(["food", "retail", "care", "repair", "office"], len(register))
life = rng.weibull(0.9, len(register)) * register["sector"].map(
    {"food": 900, "retail": 1300, "care": 2200, "repair": 2000, "office": 1700}
)
register["closed"] = register["opened"] + pd.to_timedelta(life.round(), unit="D")
series = register.groupby(pd.Grouper(key="opened", freq="MS")).size()
series.tail(6)

# %% [markdown]
# ## A forecast that was tried on the past
#
# Two models forecast each of the last years from what was known before it. The better one is used.

# %%
results = []
for cut in (108, 120, 132):
    known, later = series.iloc[:cut], series.iloc[cut : cut + horizon]
    smooth = ExponentialSmoothing(known, trend="add", seasonal="add", seasonal_periods=12).fit()
    state = SARIMAX(known, order=(1, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=0, maxiter=100)
    for name, model in {"smoothing": smooth, "state space": state}.items():
        error = mean_absolute_percentage_error(later, model.forecast(len(later)))
        results.append({"cut": known.index[-1], "model": name, "error": error})
trials = pd.DataFrame(results).pivot(index="cut", columns="model", values="error")
trials.round(3)

# %%
parts = STL(series, period=12, robust=True).fit()
figure = parts.plot()
figure.set_size_inches(8, 6)
plt.show()

# %% [markdown]
# ## How long businesses live
#
# The product-limit estimate, with businesses still open counted as long as they were seen.

# %%
end = pd.Timestamp("2019-12-31")
seen = register.assign(
    days=(register["closed"].clip(upper=end) - register["opened"]).dt.days, dead=register["closed"] <= end
)
curves = {}
for sector, group in seen.groupby("sector"):
    fitted = sm.SurvfuncRight(group["days"], group["dead"])
    curves[sector] = pd.Series(fitted.surv_prob, fitted.surv_times)
figure, axes = plt.subplots(figsize=(8, 4))
for sector, curve in curves.items():
    axes.step(curve.index, curve, where="post", label=sector)
axes.legend()
plt.show()
pd.DataFrame(
    {sector: [curve[curve.index <= d].iloc[-1] for d in (365, 1095, 1825)] for sector, curve in curves.items()}
).round(3)

# %%
ahead = SARIMAX(series, order=(1, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=0, maxiter=100).get_forecast(horizon)
total = float(ahead.predicted_mean.sum())
spread = 1.96 * float(np.sqrt((ahead.se_mean**2).sum()))
publish.finding(
    "expected",
    total,
    unit="count",
    interval=(total - spread, total + spread),
    n=int(series.sum()),
    noun="opening",
    denominator="the coming year",
    period="2020",
    higher_is="better",
)

# %%
check = round(total + 1e4 * sum(float(curve.iloc[len(curve) // 2]) for curve in curves.values()))
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# The coming year should bring {{ expected }}. The control total is {{ check }}, made after {{ revision }}.
