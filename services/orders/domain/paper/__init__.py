"""What is printed: rows of text, and how they are told to a browser, a terminal and a printer."""
