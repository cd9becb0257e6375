"""One module per subject, one function per scenario: a stage in, an account out."""
