"""The payments schema: its tables and the only SQL of the service, in one file for each noun."""
