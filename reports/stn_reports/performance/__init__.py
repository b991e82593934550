"""The performance report: what a benchmark's records say, as HTML and as Markdown, with plots."""
