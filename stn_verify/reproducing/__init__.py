"""A standalone script for each failure, which needs only the framework of the target, as a bug report does."""
