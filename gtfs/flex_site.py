"""Where rides are booked on the web: the address of the server that runs, in place of the bundle's."""

from dataclasses import replace

from mobility.core.region import Region


def with_booking_site(region: Region, site: str) -> Region:
    """Return the region with every service booked at ``<site>/book``; an empty site changes nothing."""
    if not site:
        return region
    url = f"{site.rstrip('/')}/book"
    areas = tuple(replace(area, booking=replace(area.booking, url=url)) for area in region.areas)
    return replace(region, areas=areas)
