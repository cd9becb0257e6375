"""What the payments service can do, in one file for each noun. One function is one transaction."""
