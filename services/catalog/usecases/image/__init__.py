"""Pictures of items: how items get them, which a file names, and what nobody needs any more."""
