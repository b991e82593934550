"""The environment of a run."""

from stn_verify.verdicts.environment import cores, environment, processor, version


def test_what_is_not_installed_is_left_out():
    packages = environment(["pytest", "no-such-distribution"]).packages
    assert list(packages) == ["pytest"]
    assert version("no-such-distribution") is None


def test_the_processor_has_a_name_wherever_it_runs(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast: 3 GHz\n\nprocessor\t: 1\nmodel name\t: Other\n")
    assert processor(cpuinfo) == "Fast: 3 GHz"
    assert processor(tmp_path / "missing")
    cpuinfo.write_text("Features : none\n")
    assert processor(cpuinfo)


def test_cores():
    assert cores() >= 1
