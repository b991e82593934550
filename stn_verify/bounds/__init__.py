"""What rounding may do to each result: the one place where bounds live."""
