"""The site map (sitemaps.org, 0.9): every page with the day it last said something new.

The protocol asks for whole addresses, so there is one only where the address of the site is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(address: str, pages: Mapping[str, str]) -> str:
    """The map of a site at ``address``; ``pages`` are files and the moment of each, empty where none is known.

    >>> print(sitemap("https://data.example.gov/", {"index.html": "2020-05-01T00:00:00Z"}), end="")
    <?xml version="1.0" encoding="utf-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <url>
        <loc>https://data.example.gov/index.html</loc>
        <lastmod>2020-05-01T00:00:00Z</lastmod>
      </url>
    </urlset>
    """
    root = ElementTree.Element("urlset", {"xmlns": _NAMESPACE})
    for file, moment in pages.items():
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = address + file
        if moment:
            ElementTree.SubElement(url, "lastmod").text = moment
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'
