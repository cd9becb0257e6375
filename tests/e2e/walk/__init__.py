"""A walk over every route of the OpenAPI document, with real things behind every id."""
