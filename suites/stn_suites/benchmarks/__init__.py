"""Benchmarks, as pytest items of `stn-verify bench`, or of `pytest -p stn_verify.bench_plugin`; `check` does not collect them."""
