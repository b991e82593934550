"""What an implementation is, how it is declared and found."""
