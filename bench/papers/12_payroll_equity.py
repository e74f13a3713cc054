# ruff: noqa: E402
# %% [markdown] tags: title
# # What a difference in pay is made of
#
# For the personnel office of the invented city: pay by group, what grade and service explain, and what they leave.

# %% tags: parameters
resamples = 90  # how often staff are resampled

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.preprocessing import OrdinalEncoder

from analysis import publish

revision = 0  # raised when the method changes

# %% [markdown]
# ## The payroll
#
# One line a person: department, grade, years of service, overtime and pay.

# %%
rng = np.random.default_rng(1212)
size = 12_000
staff = pd.DataFrame(
    {
        "department": rng.choice([f"D{n:02d}" for n in range(18)], size),
        "group": rng.choice(["first", "second"], size, p=[0.6, 0.4]),
        "service": rng.gamma(2.5, 4, size).clip(0, 40),
    }
)
second = staff["group"] == "second"
staff["grade"] = np.clip(np.round(rng.normal(6 - 0.6 * second + 0.08 * staff["service"], 2)), 1, 14).astype(int)
office = pd.Series(rng.normal(0, 0.06, 18), [f"D{n:02d}" for n in range(18)])
staff["pay"] = staff["department"].map(office).pipe(np.exp) * np.exp(
    10.4 + 0.09 * staff["grade"] + 0.008 * staff["service"] - 0.03 * second + rng.normal(0, 0.12, size)
)
staff["overtime"] = rng.gamma(1.2, 0.05, size) * staff["pay"]
staff.groupby("group")[["pay", "grade", "service", "overtime"]].mean().round(1)

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4))
sns.kdeplot(staff, x="pay", hue="group", common_norm=False, ax=axes[0])
sns.stripplot(staff.sample(1500, random_state=12), x="grade", y="pay", hue="group", size=2, ax=axes[1])
plt.show()

# %% [markdown]
# ## Explained and left over
#
# The difference of mean logarithms is split by a pooled model into what grade and service explain and a rest. Intervals
# come from resampling whole departments' staff.

# %%
encoded = pd.get_dummies(staff[["department"]], drop_first=True, dtype=float).assign(
    grade=staff["grade"], service=staff["service"]
)
design = sm.add_constant(encoded).to_numpy()
pay, is_second = np.log(staff["pay"]).to_numpy(), second.to_numpy()


def split(rows):
    pooled = np.linalg.lstsq(np.column_stack([design[rows], is_second[rows]]), pay[rows], rcond=None)[0][:-1]
    means = design[rows][~is_second[rows]].mean(axis=0) - design[rows][is_second[rows]].mean(axis=0)
    gap = pay[rows][~is_second[rows]].mean() - pay[rows][is_second[rows]].mean()
    return gap, means @ pooled, gap - means @ pooled


whole = split(np.arange(size))
draws = pd.DataFrame(
    [split(rng.integers(0, size, size)) for _ in range(resamples)], columns=["gap", "explained", "rest"]
)
draws.quantile([0.025, 0.5, 0.975]).round(4)

# %%
codes = OrdinalEncoder().fit_transform(staff[["department"]])
free = GradientBoostingRegressor(n_estimators=25, random_state=12).fit(
    np.column_stack([codes, staff[["grade", "service"]]]), pay
)
residual = pay - free.predict(np.column_stack([codes, staff[["grade", "service"]]]))
test = stats.mannwhitneyu(residual[is_second], residual[~is_second])
mixed = smf.mixedlm("I(100 * np.log(pay)) ~ grade + service + C(group)", staff.iloc[::3], groups="department").fit()
mixed.summary().tables[1]

# %%
by_department = staff.pivot_table(index="department", columns="group", values="pay", aggfunc=["mean", "median", "size"])
by_department.round(0)

# %%
low, high = 100 * draws["rest"].quantile([0.025, 0.975])
publish.finding(
    "rest",
    float(100 * whole[2]),
    unit="percent",
    interval=(float(low), float(high)),
    n=size,
    denominator="pay of the first group",
    period="2019",
    higher_is="worse",
)
counts = staff.groupby("department", as_index=False).size()
publish.table(
    "staff",
    counts,
    title="Staff by department",
    sort="department",
    columns={"department": publish.Column(label="Department"), "size": publish.Column(label="Staff", unit="count")},
)

# %%
check = round(1e6 * sum(map(abs, whole)) + 1e3 * mixed.fe_params["grade"] + 1e4 * abs(residual).mean())
publish.finding("check", check, unit="count", no_interval="a control total of the run", noun="point")
publish.finding("revision", revision, unit="count", no_interval="the number of an edit", noun="edit")
print(f"check {check} revision {revision}")

# %% [markdown] tags: in-short
# ## In short
#
# What grade and service leave unexplained is {{ rest }} ({{ table("staff") }}). The control total is {{ check }}, made
# after {{ revision }}.
