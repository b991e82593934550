"""A small classifier trained through a target's transformer, and through the reference's."""
