"""The palette holds in light and dark, for colour-blind readers and on a grey printer."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.publish import theme
from analysis.publish.colour import contrast, difference, distance, hexadecimal, lab, ramp, rgb, seen_by

# Sharma, Wu and Dalal (2005), table 1: pairs of L*a*b* and their CIEDE2000.
SHARMA = [
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, 3.1571, -77.2803), (50.0000, 0.0000, -82.7485), 2.8615),
    ((50.0000, 2.8361, -74.0200), (50.0000, 0.0000, -82.7485), 3.4412),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
    ((50.0000, 2.5000, 0.0000), (50.0000, 0.0000, -2.5000), 4.3065),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((50.0000, 2.5000, 0.0000), (61.0000, -5.0000, 29.0000), 22.8977),
    ((50.0000, 2.5000, 0.0000), (56.0000, -27.0000, -3.0000), 31.9030),
    ((50.0000, 2.5000, 0.0000), (58.0000, 24.0000, 15.0000), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
MODES = (0, 1)
VISIONS = ("normal", "protan", "deutan", "tritan", "grey")
COLOUR_VISIONS = VISIONS[:-1]
colours = st.tuples(*[st.integers(0, 255)] * 3).map(lambda c: hexadecimal([v / 255 for v in c]))


@pytest.mark.parametrize(("first", "second", "published"), SHARMA)
def test_distance_is_the_published_one(first, second, published) -> None:
    assert difference(first, second) == pytest.approx(published, abs=5e-5)
    assert difference(second, first) == pytest.approx(published, abs=5e-5)


@given(colours, colours)
def test_distance_is_symmetric_and_zero_only_for_the_same(first: str, second: str) -> None:
    assert distance(first, second) == pytest.approx(distance(second, first), abs=1e-9)
    assert (distance(first, second) < 1e-9) == (first == second)
    assert 1 <= contrast(first, second) <= 21.0001


@given(colours)
def test_colours_survive_the_way_to_lab_and_back(colour: str) -> None:
    from analysis.publish.colour import from_lab

    assert from_lab(*lab(colour)) == colour
    assert hexadecimal(rgb(colour)) == colour
    assert seen_by(colour, "grey")[1:3] == seen_by(colour, "grey")[3:5] == seen_by(colour, "grey")[5:7]


def _pairs(tokens: list[str], mode: int, vision: str) -> list[tuple[float, str, str]]:
    style = theme.style().tokens
    return sorted(
        (distance(style[a][mode], style[b][mode], vision), a, b) for a, b in itertools.combinations(tokens, 2)
    )


@pytest.mark.parametrize("mode", MODES)
def test_words_can_be_read(mode: int) -> None:
    palette = theme.style().palette
    for ground in ("paper", "shade"):
        for token in {"ink", "soft", "harm", *theme.style().text_of.values(), "navy", "green"}:
            assert contrast(palette[token][mode], palette[ground][mode]) >= 4.5, (token, ground)
    for mark, words in theme.style().text_on.items():
        assert contrast(theme.style().tokens[mark][mode], palette[words][mode]) >= 4.5, (mark, words)


@pytest.mark.parametrize("mode", MODES)
def test_marks_can_be_seen(mode: int) -> None:
    palette = theme.style().palette
    for token in {*theme.style().series, "axis", "neutral", "harm", "blue", "navy"}:
        assert contrast(palette[token][mode], palette["paper"][mode]) >= 3, token


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", COLOUR_VISIONS)
def test_series_can_be_told_apart(mode: int, vision: str) -> None:
    assert _pairs(list(theme.style().series), mode, vision)[0][0] >= 8


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
def test_neighbouring_parts_can_be_told_apart(mode: int, vision: str) -> None:
    parts, palette = theme.style().parts, theme.style().palette
    for a, b in itertools.pairwise(parts):
        assert distance(palette[a][mode], palette[b][mode], vision) >= 8, (a, b)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
def test_harm_is_never_taken_for_its_opposite(mode: int, vision: str) -> None:
    palette = theme.style().palette
    assert distance(palette["harm"][mode], palette["navy"][mode], vision) >= 8
    assert distance(palette["harm"][mode], palette["neutral"][mode], vision) >= 6


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("steps", [3, 4, 5, 6, 7])
def test_more_is_always_further_from_the_page(mode: int, vision: str, steps: int) -> None:
    """The ramp of a map reads the same way in light, in dark and on a grey printer."""
    style = theme.style().tokens
    paper = style["paper"][mode]
    shades = [seen_by(style[f"seq{steps}-{i}"][mode], vision) for i in range(steps)]
    away = [abs(lab(shade)[0] - lab(paper)[0]) for shade in shades]
    assert all(b > a + 4 for a, b in itertools.pairwise(away))
    assert all(distance(a, b) >= 5 for a, b in itertools.pairwise(shades))
    assert away[0] > 6


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
def test_diverging_arms_mirror_each_other(mode: int, vision: str) -> None:
    style = theme.style().tokens
    middle = style["middle"][mode]
    for step in (1, 2, 3):
        fall, rise = style[f"fall-{step}"][mode], style[f"rise-{step}"][mode]
        assert abs(lab(fall)[0] - lab(rise)[0]) < 2.5
        if vision != "grey":
            assert distance(fall, rise, vision) >= 15
    for arm in ("fall", "rise"):
        path = [middle, *(style[f"{arm}-{step}"][mode] for step in (1, 2, 3))]
        away = [abs(lab(seen_by(c, vision))[0] - lab(seen_by(middle, vision))[0]) for c in path]
        assert away == sorted(away)
        assert all(distance(a, b, vision) >= 5 for a, b in itertools.pairwise(path))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", COLOUR_VISIONS)
def test_groups_of_a_map_can_be_told_apart(mode: int, vision: str) -> None:
    groups = [f"group-{i}" for i in range(1, 9)]
    assert _pairs(groups, mode, vision)[0][0] >= 7


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", COLOUR_VISIONS)
def test_nine_classes_of_two_measures_can_be_told_apart(mode: int, vision: str) -> None:
    assert _pairs([f"pair-{i}" for i in range(9)], mode, vision)[0][0] >= 12


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vision", VISIONS)
def test_more_of_either_measure_is_further_from_the_page(mode: int, vision: str) -> None:
    style = theme.style().tokens
    paper = lab(style["paper"][mode])[0]
    away = [abs(lab(seen_by(style[f"pair-{i}"][mode], vision))[0] - paper) for i in range(9)]
    for i in range(9):
        assert i % 3 == 2 or away[i + 1] > away[i] + 4, (i, "more of the first")
        assert i >= 6 or away[i + 3] > away[i] + 4, (i, "more of the second")


def test_the_palette_test_can_fail() -> None:
    assert distance("#1696d2", "#1a94cf", "normal") < 5
    assert distance("#2e8b57", "#b5651d", "deutan") < distance("#2e8b57", "#b5651d", "normal") / 2


def test_city_colours_are_used_as_they_are() -> None:
    light = {pair[0] for pair in theme.style().palette.values()}
    assert {"#17375e", "#cdeaf8", "#54adea", "#1696d2", "#1282a2", "#6eb98f"} <= light


def test_palette_values_are_unique_so_that_drawings_can_be_translated() -> None:
    light = [pair[0] for pair in theme.style().palette.values()]
    assert len(light) == len(set(light))
    for token in theme.style().tokens:
        assert theme.token_of(theme.colour(token)) == token


def test_ramps_keep_their_ends() -> None:
    shades = ramp(["#cdeaf8", "#54adea", "#17375e"], 6)
    assert (shades[0], shades[-1], len(shades)) == ("#cdeaf8", "#17375e", 6)
    with pytest.raises(AnalysisError, match="lightness"):
        ramp(["#000000", "#ffffff", "#888888"], 4)


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("series", ["navy", "crimson"], "crimson"),
        ("colours", {"ink": "#000000"}, "light, dark"),
        ("colours", {"ink": ["black", "#ffffff"]}, "#rrggbb"),
        ("surprise", {}, "surprise"),
    ],
)
def test_a_wrong_style_file_is_named(root: Path, tmp_path: Path, section: str, value: object, message: str) -> None:
    data = yaml.safe_load((root / "data/catalog/style.yml").read_text(encoding="utf-8"))
    data[section] = value
    file = tmp_path / "style.yml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(AnalysisError, match=message):
        theme.read_style(file)


def test_style_sheet_has_a_rule_for_every_token_and_fetches_nothing() -> None:
    css = theme.css()
    for token in theme.style().palette:
        assert f".f-{token}{{fill:var(--c-{token})}}" in css
        assert f".s-{token}{{stroke:var(--c-{token})}}" in css
    for token in theme.style().steps:
        assert f".f-{token}{{fill:var(--c-{token})}}" in css
    for token, (light, dark) in theme.style().tokens.items():
        assert f"--c-{token}:{light};" in css
        assert f"--c-{token}:{dark};" in css
    assert "url(" not in css
    assert "@import" not in css
