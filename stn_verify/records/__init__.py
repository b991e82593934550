"""What a benchmark measured: tidy rows with units in their names, where it ran, and the files that hold both."""

from stn_verify.records.environment import BenchEnvironment, Measured
from stn_verify.records.folder import Records, RecordsError, load, write
from stn_verify.records.growth import Growth
from stn_verify.records.record import Decision, Record, Timing

__all__ = [
    "BenchEnvironment",
    "Decision",
    "Growth",
    "Measured",
    "Record",
    "Records",
    "RecordsError",
    "Timing",
    "load",
    "write",
]
