"""REST v2, one module per resource. Each route: shape check, one request message, one call, one rendering."""
