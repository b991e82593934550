"""Find out what an undeclared target follows, before blaming it."""
