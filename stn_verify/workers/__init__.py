"""Implementations run in processes of their own, and arrays travel as safetensors frames over pipes."""
