"""What a revision is too long with: the texts of one noun of it."""
