"""The map of all measures: every number that whitepapers publish of tracts and districts, on one page.

Nothing is computed from data here. A measure is what an executed notebook published, after disclosure control, in a
map, figure, table or download; the page leads back to each.
"""

PAGE, STAMP = "map", ".map.json"
"""The name of the page without its language and ending, and of the file that says what it was made of."""


def measure_id(paper: str, exhibit: str, column: str) -> str:
    """The name by which links find a measure.

    >>> measure_id("01_neighborhood_change", "groups", "group")
    '01.groups.group'
    """
    return f"{paper.split('_')[0]}.{exhibit}.{column}"
