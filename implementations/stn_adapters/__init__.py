"""One framework a file; each imports its framework, so import none of them before it is asked for."""
