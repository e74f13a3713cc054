"""What data exist: who publishes them, where, under which licence, and what is wrong with them.

One YAML file a subject in ``data/catalog``; nothing here fetches or reads data.
"""

from analysis.catalog.cities import City, city, current_city
from analysis.catalog.datasets import (
    ArcgisSource,
    Catalog,
    CensusSource,
    DatabaseSource,
    Dataset,
    FileSource,
    Period,
    SocrataSource,
    Source,
    Subject,
)
from analysis.catalog.loading import load_catalog

__all__ = [
    "ArcgisSource",
    "Catalog",
    "CensusSource",
    "City",
    "DatabaseSource",
    "Dataset",
    "FileSource",
    "Period",
    "SocrataSource",
    "Source",
    "Subject",
    "city",
    "current_city",
    "load_catalog",
]
