"""Example records, for tests of whatever reads them: every kind of row, with figures that belong together."""

import math

from stn_verify.records.environment import BenchEnvironment, Measured
from stn_verify.records.folder import Records
from stn_verify.records.growth import Growth
from stn_verify.records.record import Decision, Record, Timing
from stn_verify.verdicts.results import Environment

BANDWIDTH = 1.2e10


def example_environment() -> BenchEnvironment:
    """A machine of two cores."""
    return BenchEnvironment(
        environment=Environment(
            stn_verify="0.1.0",
            python="3.11.7",
            platform="Linux-6.8-x86_64",
            processor="Example CPU @ 2.60GHz",
            cores=2,
            packages={"numpy": "2.4.6", "pandas": "3.1.1"},
        ),
        commit="0123456789ab",
        device="cpu",
        threads=2,
        variables={"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"},
        load_before=0.1,
        load_after=1.9,
        profile="quick",
        seed=0,
        started="2026-01-02T03:04:05+00:00",
        seconds=58.0,
        finished=True,
        targets=[_measured("production")],
        peers=[
            _measured("torch"),
            _measured("torch-compiled"),
            _measured("kornia", "kornia is not installed: pip install kornia"),
        ],
    )


def example_record(**changed: object) -> Record:
    """A timed row, decided as faster; other fields as given."""
    seconds, pixels = 2.0e-3, 8 * 3 * 64 * 64
    moved = 2.0 * 4 * pixels
    fields: dict[str, object] = {
        "case": "transform forward float32 NCHW identity 8x3x64x64 to 64x64",
        "function": "transform",
        "direction": "forward",
        **{"N": 8, "C": 3, "H": 64, "W": 64, "Ho": 64, "Wo": 64},
        "dtype": "float32",
        "layout": "NCHW",
        "theta": "identity",
        "padding": "zeros",
        "align_corners": False,
        "interpolation": "bilinear",
        "device": "cpu",
        "threads": 2,
        "target": "production",
        "against": "torch",
        "timing": Timing.TIMED,
        "against_timing": Timing.TIMED,
        "decision": Decision.FASTER,
        "time_seconds": seconds,
        "time_low_seconds": 0.97 * seconds,
        "time_high_seconds": 1.05 * seconds,
        "first_call_seconds": 0.4,
        "against_time_seconds": 2 * seconds,
        "against_first_call_seconds": 0.01,
        "time_ratio": 0.5,
        "time_ratio_low": 0.48,
        "time_ratio_high": 0.52,
        "noise_ratio": 1.002,
        "noise_ratio_low": 0.99,
        "noise_ratio_high": 1.012,
        "against_noise_ratio": 0.995,
        "against_noise_ratio_low": 0.985,
        "against_noise_ratio_high": 1.005,
        "noise_floor_ratio": 1.03,
        "time_ratio_least_pass": 0.49,
        "time_ratio_largest_pass": 0.505,
        "rounds": 60,
        "calls_per_round": 4,
        "throughput_pixels_per_second": pixels / seconds,
        "moved_bytes": moved,
        "bandwidth_bytes_per_second": BANDWIDTH,
        "roofline_share": moved / BANDWIDTH / seconds,
        "peak_host_bytes": 4.0 * pixels,
        "against_peak_host_bytes": 12.0 * pixels,
        "judged": "output at every entry",
        "budget_used": 0.31,
    }
    return Record.model_validate(fields | changed)


def example_records() -> Records:
    """Sizes, directions, peers and statuses, with the growth that the sizes follow."""
    made = [_sized(size, direction) for size in (16, 32, 64, 128) for direction in ("forward", "all")]
    made += [
        example_record(against="torch-compiled", decision=Decision.SLOWER, time_ratio=1.2, time_ratio_low=1.15,
                       time_ratio_high=1.26, against_time_seconds=2.0e-3 / 1.2),
        example_record(
            **_named("45 degrees", "forward"), decision=Decision.UNDECIDED, time_ratio=1.01, time_ratio_low=0.98,
            time_ratio_high=1.04, reason="the interval 0.98 to 1.04 holds 1",
        ),
        example_record(**_named("mostly outside", "all"), **_untimed(Timing.WRONG),
                       reason="grad_input[0, 0, 1, 2] is 0.5, expected 0.25 within 1e-07"),
        example_record(**_named("identity", "double_backward"), **_untimed(Timing.UNSUPPORTED),
                       reason="cannot be asked for double backward"),
        example_record(against="kornia", decision=None, against_timing=Timing.UNAVAILABLE, reason="kornia is not installed",
                       **dict.fromkeys(_OF_PEER)),
    ]  # fmt: skip
    growth = [
        Growth(
            target=target,
            axis="HW",
            function="transform",
            direction="forward",
            dtype="float32",
            layout="NCHW",
            theta="identity",
            device="cpu",
            held="N=8 C=3",
            points=4,
            smallest=16 * 16,
            largest=128 * 128,
            exponent=exponent,
            exponent_low=exponent - 0.05,
            exponent_high=exponent + 0.05,
        )
        for target, exponent in (("production", 0.97), ("torch", 1.01))
    ]
    return Records(example_environment(), made, growth)


_OF_PEER = (
    "against_time_seconds", "against_first_call_seconds", "time_ratio", "time_ratio_low", "time_ratio_high",
    "noise_ratio", "noise_ratio_low", "noise_ratio_high", "noise_floor_ratio", "against_peak_host_bytes",
    "against_noise_ratio", "against_noise_ratio_low", "against_noise_ratio_high",
    "time_ratio_least_pass", "time_ratio_largest_pass",
)  # fmt: skip
_OF_TARGET = (
    "time_seconds", "time_low_seconds", "time_high_seconds", "first_call_seconds", "rounds", "calls_per_round",
    "throughput_pixels_per_second", "bandwidth_bytes_per_second", "roofline_share", "peak_host_bytes",
)  # fmt: skip


def _untimed(timing: Timing) -> dict[str, object]:
    return {**dict.fromkeys(_OF_PEER + _OF_TARGET), "timing": timing, "decision": None}


def _named(theta: str, direction: str) -> dict[str, object]:
    case = f"transform {direction} float32 NCHW {theta} 8x3x64x64 to 64x64"
    return {"case": case, "theta": theta, "direction": direction}


def _sized(size: int, direction: str) -> Record:
    scale = (size / 64) ** 1.9 * (2.5 if direction == "all" else 1.0)
    whole = example_record()
    ratio = 0.5 * math.exp(0.1 * math.log(64 / size))
    seconds = 2.0e-3 * scale
    moved = (5.0 if direction == "all" else 2.0) * 4 * 8 * 3 * size * size
    return whole.model_copy(
        update={
            "case": f"transform {direction} float32 NCHW identity 8x3x{size}x{size} to {size}x{size}",
            "direction": direction,
            **dict.fromkeys(("H", "W", "Ho", "Wo"), size),
            "time_seconds": seconds,
            "time_low_seconds": 0.97 * seconds,
            "time_high_seconds": 1.05 * seconds,
            "against_time_seconds": seconds / ratio,
            "time_ratio": ratio,
            "time_ratio_low": 0.96 * ratio,
            "time_ratio_high": 1.04 * ratio,
            "time_ratio_least_pass": 0.98 * ratio,
            "time_ratio_largest_pass": 1.02 * ratio,
            "throughput_pixels_per_second": 8 * 3 * size * size / seconds,
            "moved_bytes": moved,
            "roofline_share": moved / BANDWIDTH / seconds,
        }
    )


def _measured(name: str, unavailable: str | None = None) -> Measured:
    return Measured(
        name=name,
        framework="torch",
        framework_version="" if unavailable else "2.13.0+cpu",
        python_version="3.11.7",
        threads=None if unavailable else 2,
        unavailable=unavailable,
    )
