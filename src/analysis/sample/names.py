"""Invented names. None is a real city, and no person of these names is meant."""

from __future__ import annotations

import re

CITY = "Meridia"
COUNTY = "Meridia County"
STATE = "Meridia Territory"
STATE_FIPS = "99"
COUNTY_FIPS = "001"
OTHER_COUNTIES = (("003", "Tamsin"), ("005", "Vellacourt"), ("007", "Halewater"))
"""County codes and names, as the hospital file prints them, of the rest of the territory."""

# In rows from north to south, each from west to east: the valley, the hills, the centre, the harbor.
# Two pairs invite mistakes: "Harbor 1" is part of the text "Harbor 12", "Hollowbrook" of "New Hollowbrook".
# Names with a hyphen lose what follows it in the first months of the case series.
NEIGHBORHOODS = (
    "Almond Works", "Barley Crescent", "Plumtree Circle", "Threshing Floor", "Stonefruit", "Corkoak Bend",
    "Pepperwood Rise", "Juniperstep", "Thistledown West", "Thistledown East", "Starling Commons", "Foxglove Flats",
    "Larkspire", "Wrenfield Park", "Hollowbrook", "New Hollowbrook", "Mossbell", "Tin Orchard", "Thimble Green",
    "Nightjar Hollow", "Copperwell", "Linden Loom",
    "Violet Mesa", "Velvet Ridge", "Kestrel Bluffs", "Inkwell Rise", "Sundial Heights", "Owlstone", "Mirabel Slope",
    "Mirabel Garden", "Lanternhill", "Orrery Park", "Windrosa", "Amberlight", "Rookery Lane", "Sablemere",
    "Fennel-Wash", "Weathervane",
    "Clockhouse", "Glassmakers", "Quillmarket", "Brasslamp", "Bellfoundry", "Cobblemere", "Dovetail",
    "Candlewick End", "Seven Cisterns", "Cinderpath", "Aster Junction", "Old Semaphore", "Signalworks",
    "Penny Bridges", "Halfmoon Yards", "Tanners Stair", "Opaline-Saffron Gate", "Driftmarket", "Ferrymans Row",
    "Upper Causeway", "Lower Causeway",
    "Beacon Shelf", "Sandglass", "Saltgrass Point", "Heronlanding", "Tiderow", "Kelpwick", "Marlin Steps",
    "Pilots Cove", "Greywater Locks", "Ropewalk-Cooperage", "Chandlers Quay", "Harbor 1", "Harbor 12",
)  # fmt: skip
NEW_NEIGHBORHOOD = "Weaver Square"
"""The council that is in the edition of 2020 and not in that of 2018."""

TOWNS = (
    "Averleigh Court", "Castonby", "Ellismoor", "Brackenfold", "Tamsinwood", "Vellacoast", "Ospreygate", "Northmarch",
    "Delphine Sands", "Quarrystead", "Marisol Wells", "Ashmilling", "Loomis Tor", "Sorrelmouth", "Gullhaven",
    "Emberlyn", "Fairweir", "Hartsong", "Jessamere", "Kindlewood", "Lodestar City", "Nettlecourt", "Oakenstrand",
    "Pellstone", "Quayle Sands", "Silverlathe",
)  # fmt: skip
RURAL_PLACES = (
    "Far Anchorage", "Coldkiln-Draw", "Tortoise Wash", "Cape Solace", "Gannet Holm", "Sheepsgate", "Dry Lantern",
    "Hawkmoth Vale", "Long Furrow", "Tallow Bottoms", "Goatherd Summit", "Whitecap Narrows", "Redwing Terrace",
    "Fallow Ridge", "Turnstile", "Millrace End", "Pipers Meadow", "Drovers Halt", "Saltbox", "Elderflower Gap",
    "Ravenscope", "Lime Kiln Hollow",
)  # fmt: skip

COUNCIL_MEMBERS = (
    "Orla Vantresse", "Tobias Merriden", "Ines Calloway-Brandt", "Desmond Okuru", "Petra Lindqvane", "Amadou Serrault",
    "Mirela Fontayne", "Kenji Aldermoor", "Rosalind Tackeray", "Luca Brighthorne", "Noor Hassanby", "Wendell Price",
    "Xiomara Delgarde", "Fergus Ostrander", "Thuy Lan Marquette",
)  # fmt: skip
"""Invented people, one a district."""

REGIONS = (
    ("NORTH VALLEY", "North Valley"), ("EAST VALLEY", "East Valley"), ("HILLSIDE", "Hillside"), ("BAY", "Bay"),
    ("CENTRAL", "Central"), ("EAST", "East"), ("HARBOR", "Harbor"),
)  # fmt: skip


def first_part(name: str) -> str:
    """The name as the case series wrote it at first: what stands after a hyphen was lost.

    >>> first_part("Fennel-Wash"), first_part("Lanternhill")
    ('Fennel', 'Lanternhill')
    """
    return name.split("-")[0]


def misread(name: str) -> str:
    """The name as read from a scanned table: small L after a vowel became a capital i.

    >>> misread("Clockhouse"), misread("Meridia - Bellfoundry")
    ('Clockhouse', 'Meridia - BeIIfoundry')
    """
    return re.sub(r"(?<=[aeiou])l+", lambda found: "I" * len(found.group()), name)
