"""What samples say of a participant, and of a target and its peer, in the columns of the records."""

import numpy as np

from stn_verify.timing.decision import Estimate
from stn_verify.timing.rounds import Samples


def arm_names(participant: str) -> tuple[str, str]:
    """Of its two processes."""
    return (f"{participant} #1", f"{participant} #2")


def of_time(name: str, samples: Samples) -> dict[str, float]:
    """The time of a call, and its percentiles over rounds."""
    low, middle, high = np.exp(np.quantile(samples.logs(*arm_names(name)), [0.2, 0.5, 0.8]))
    return {"time_low_seconds": float(low), "time_seconds": float(middle), "time_high_seconds": float(high)}


def of_noise(name: str, samples: Samples, column: str = "noise_ratio") -> dict[str, float]:
    """A participant against itself."""
    first, second = arm_names(name)
    return _told(column, samples.ratio((first,), (second,)))


def of_ratio(target: str, peer: str, samples: Samples, seed: int) -> dict[str, float]:
    """A target against its peer, and the least and the largest median of a pass."""
    ratio = samples.ratio(arm_names(target), arm_names(peer), seed)
    least, largest = np.exp(ratio.passes)
    return _told("time_ratio", ratio) | {
        "time_ratio_least_pass": float(least),
        "time_ratio_largest_pass": float(largest),
    }


def of_peer(peer: str, samples: Samples) -> dict[str, float]:
    """The peer's own time and noise."""
    return {
        "against_time_seconds": of_time(peer, samples)["time_seconds"],
        **of_noise(peer, samples, "against_noise_ratio"),
    }


def _told(column: str, found: Estimate) -> dict[str, float]:
    values = np.exp([found.median, found.low, found.high])
    names = (column, f"{column}_low", f"{column}_high")
    return {name: float(value) for name, value in zip(names, values, strict=True)}
