"""Times of implementations that are right: interleaved rounds, decisions beyond noise, the limit that memory sets."""
