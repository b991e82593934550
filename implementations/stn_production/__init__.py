"""The fused production sampler is not part of this release."""
