"""Pictures of items."""

from fynlo.catalog.v1 import images_pb2

from services.catalog.domain.image import Image


def image(of: Image | None) -> images_pb2.ItemImage | None:
    """As the contract says it; None where an item has none."""
    if of is None:
        return None
    return images_pb2.ItemImage(url=of.url, thumbnail_url=of.thumbnail_url, width=of.width, height=of.height)
