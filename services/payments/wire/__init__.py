"""Messages of the contract on the outside, values of the domain inside: both ways, a file for each noun."""
