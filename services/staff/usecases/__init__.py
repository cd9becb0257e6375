"""What staff can do: one function per capability, one transaction per effect."""
