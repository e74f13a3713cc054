"""What datasets may carry, and what was done to their rows: sums over catalogue, grades and tallies."""

from __future__ import annotations

import re

import pandas as pd

from analysis.project import AnalysisError

READY = "As it is"
CAVEAT = "With its caveat"
REPAIRED = "Only as repaired"
UNCHECKED = "Not checked yet"
CLOSED = "Not open"
VERDICTS = (READY, CAVEAT, REPAIRED, UNCHECKED, CLOSED)
"""What a dataset may carry, from most to least."""

_BY_GRADE = {"A": READY, "B": READY, "C": CAVEAT, "D": REPAIRED}
ACTIONS = {"dropped": "Left out", "changed": "Changed", "flagged": "Kept and marked"}


def verdicts(holdings: pd.DataFrame, grades: pd.DataFrame | None = None) -> pd.DataFrame:
    """The holdings with a column ``verdict``: what each dataset may carry.

    A dataset that a table reads (``tables`` is not empty) goes by its grade: A and B as it is, C with its caveat, D
    only as repaired. One that no table reads is not checked yet, or not open where it is not public.
    ``grades`` (columns dataset and grade) replaces the grades of the holdings.

    Raises AnalysisError for a grade that is none of A to D.

    >>> held = pd.DataFrame({"dataset": ["a", "b", "c"], "grade": ["B", "C", "A"], "tables": ["t", "t", ""],
    ...                      "sensitivity": ["public", "public", "restricted"]})
    >>> verdicts(held)["verdict"].tolist()
    ['As it is', 'With its caveat', 'Not open']
    """
    grade = holdings["grade"] if grades is None else holdings["dataset"].map(grades.set_index("dataset")["grade"])
    unknown = sorted({str(one) for one in grade} - set(_BY_GRADE))
    if unknown:
        raise AnalysisError(f"verdicts: {', '.join(unknown)} is no grade: use A, B, C or D")
    unread = holdings["sensitivity"].map(lambda who: UNCHECKED if who == "public" else CLOSED)
    return holdings.assign(verdict=grade.map(_BY_GRADE).where(holdings["tables"] != "", unread))


def verdict_counts(judged: pd.DataFrame) -> pd.Series:
    """Datasets by verdict, in the order of :data:`VERDICTS`; 0 where there is none.

    >>> int(verdict_counts(pd.DataFrame({"verdict": ["As it is", "As it is"]}))["As it is"])
    2
    """
    return judged["verdict"].value_counts().reindex(list(VERDICTS), fill_value=0)


def verdicts_by_subject(judged: pd.DataFrame) -> pd.DataFrame:
    """Datasets by subject and verdict, one row a pair, subjects with the most datasets first.

    Columns: subject, verdict, datasets, and status, ``not_applicable`` where there is none, so that a drawing
    leaves the cell empty.

    >>> held = pd.DataFrame({"subject": ["x", "x"], "verdict": ["As it is", "Not open"]})
    >>> verdicts_by_subject(held)["datasets"].tolist()
    [1.0, nan, nan, nan, 1.0]
    """
    counts = judged.groupby(["subject", "verdict"]).size().unstack(fill_value=0).reindex(columns=list(VERDICTS))
    counts = counts.fillna(0).assign(size=lambda table: table.sum(axis=1)).reset_index()
    ordered = counts.sort_values(["size", "subject"], ascending=[False, True]).drop(columns="size")
    long = ordered.melt("subject", var_name="verdict", value_name="datasets")
    place = {name: at for at, name in enumerate(ordered["subject"])}
    long = long.sort_values("subject", key=lambda names: names.map(place), kind="stable", ignore_index=True)
    none = long["datasets"] == 0
    return long.assign(
        datasets=long["datasets"].astype(float).mask(none), status=none.map({True: "not_applicable", False: "ok"})
    )


def graded(judged: pd.DataFrame, recency: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """The datasets whose grade decides something: those that a table reads, and others graded C or D.

    Columns: title, grade, grade_reason, last (day, month or year), years (from then to the fetch), filled (percent of
    cells with a value), verdict. The lowest grades come first, within a grade by verdict and title.

    >>> held = pd.DataFrame({"dataset": ["a"], "title": ["A"], "grade": ["B"], "grade_reason": ["x"], "tables": ["t"],
    ...                      "verdict": ["As it is"]})
    >>> ages = pd.DataFrame({"dataset": ["a"], "last": ["2018"], "years": [3.0]})
    >>> graded(held, ages, pd.DataFrame({"dataset": ["a"], "empty": [0.25]}))["filled"].tolist()
    [75.0]
    """
    deciding = judged[(judged["tables"] != "") | judged["grade"].isin(["C", "D"])]
    joined = deciding.merge(recency[["dataset", "last", "years"]], on="dataset").merge(
        quality[["dataset", "empty"]], on="dataset"
    )
    joined["filled"] = 100 * (1 - joined["empty"])
    place = {name: at for at, name in enumerate(VERDICTS)}
    ordered = joined.assign(_place=joined["verdict"].map(place)).sort_values(
        ["grade", "_place", "title"], ascending=[False, True, True], ignore_index=True
    )
    return ordered[["title", "grade", "grade_reason", "last", "years", "filled", "verdict"]]


def rows_saying(accounting: pd.DataFrame, words: str) -> int:
    """Rows, over all datasets, of the reasons that hold these words.

    >>> rows_saying(pd.DataFrame({"reason": ["no estimate", "gap"], "rows": [3, 4]}), "no estimate")
    3
    """
    return int(accounting.loc[accounting["reason"].str.contains(words, regex=False), "rows"].sum())


def plain_reason(reason: str) -> str:
    """A reason of the tallies without what only holds for one column, year or dataset.

    >>> plain_reason("median_gross_rent: top-coded: the true median is higher")
    'top-coded: the true median is higher'
    >>> plain_reason("gap in the dates, kept as a gap (182 days without a row)")
    'gap in the dates, kept as a gap'
    """
    text = re.sub(r"^[a-z]+(?:_[a-z0-9]+)+: ", "", reason)
    text = re.sub(r" in [a-z0-9]+(?:_[a-z0-9]+)+$", "", text)
    text = re.sub(r" \([^()]* [^()]*\)", "", text)
    return re.sub(r"\bof (?:1990|2000)\b", "of an older census", text)


def by_reason(accounting: pd.DataFrame) -> pd.DataFrame:
    """Rows and values touched by action and reason, the largest first within each action.

    Takes the columns dataset, action, reason, rows and topic. Rows of other places and rows that were merely kept do
    not count. Columns: action (in words), reason (see :func:`plain_reason`), rows, datasets (how many).
    A row can stand under several reasons, and a row with three medians counts three times under one.
    """
    touched = accounting[accounting["action"].isin(list(ACTIONS)) & (accounting["topic"] != "outside")]
    plain = touched.assign(
        reason=touched["reason"].map(plain_reason).map(lambda text: text[:1].upper() + text[1:]),
        action=touched["action"].map(ACTIONS),
    )
    sums = plain.groupby(["action", "reason"]).agg(rows=("rows", "sum"), datasets=("dataset", "nunique")).reset_index()
    place = {name: at for at, name in enumerate(ACTIONS.values())}
    sums["_place"] = sums["action"].map(place)
    ordered = sums.sort_values(["_place", "rows", "reason"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="_place")


def largest_reasons(reasons: pd.DataFrame, most: int) -> pd.DataFrame:
    """The reasons with the most rows, at most ``most`` of each action, in the order of :func:`by_reason`."""
    return reasons.groupby("action", sort=False).head(most).reset_index(drop=True)


def by_dataset(accounting: pd.DataFrame, holdings: pd.DataFrame) -> pd.DataFrame:
    """What was done to each dataset that a table reads; one row a dataset, the most rows first.

    Columns: dataset, title, rows_read, outside (rows about other places), dropped (other rows left out), changed and
    flagged (values; a row with three medians counts three times).

    >>> held = pd.DataFrame({"dataset": ["a"], "title": ["A"], "tables": ["t"], "rows_read": [9]})
    >>> tallied = pd.DataFrame({"dataset": "a", "action": ["dropped", "changed"], "rows": [4, 2]})
    >>> tallied["topic"] = ["outside", ""]
    >>> by_dataset(tallied, held)[["outside", "dropped", "changed"]].to_dict("list")
    {'outside': [4], 'dropped': [0], 'changed': [2]}
    """
    outside = accounting["topic"] == "outside"
    kind = accounting["action"].mask(outside, "outside")
    kinds = ["outside", *ACTIONS]
    sums = accounting.assign(kind=kind).pivot_table(index="dataset", columns="kind", values="rows", aggfunc="sum")
    read = holdings[holdings["tables"] != ""][["dataset", "title", "rows_read"]]
    joined = read.merge(sums.reindex(columns=kinds).reset_index(), on="dataset", how="left")
    whole = joined.assign(**{name: joined[name].fillna(0).astype("int64") for name in ("rows_read", *kinds)})
    return whole.sort_values(["rows_read", "dataset"], ascending=[False, True], ignore_index=True)


def flow(lineage: pd.DataFrame, papers: pd.DataFrame) -> pd.DataFrame:
    """Paths from dataset over table to whitepaper, for a drawing; ``paper`` is empty where none uses the table.

    ``lineage`` has origin, kind (dataset, table, file) and table; ``papers`` has title and table. A table that is
    made from tables alone gets their datasets. Names are shown with blanks for underscores.

    >>> edges = pd.DataFrame({"origin": ["a", "t"], "kind": ["dataset", "table"], "table": ["t", "u"]})
    >>> flow(edges, pd.DataFrame({"title": ["01 X"], "table": ["u"]})).to_dict("list")
    {'dataset': ['a', 'a'], 'table': ['t', 'u'], 'paper': ['', '01 X']}
    """
    parents = lineage[lineage["kind"] == "table"].groupby("table")["origin"].agg(list).to_dict()
    direct = lineage[lineage["kind"] != "table"].groupby("table")["origin"].agg(list).to_dict()

    def origins(table: str) -> list[str]:
        own = list(direct.get(table, []))
        return own or sorted({name for parent in parents.get(table, []) for name in origins(parent)})

    users = papers.groupby("table")["title"].agg(list).to_dict()
    rows = [
        (_words(origin), _words(table), paper)
        for table in sorted({*lineage["table"]})
        for origin in origins(table)
        for paper in users.get(table, [""])
    ]
    return pd.DataFrame(rows, columns=["dataset", "table", "paper"])


def _words(name: str) -> str:
    return name.removesuffix(".yml").replace("_", " ")
