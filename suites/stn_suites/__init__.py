"""What is checked, one concern a file: `pytest --pyargs stn_suites --stn TARGET`."""
