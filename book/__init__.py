"""The book: lessons, results and reference as a static site. `python -m book` builds it, and executes nothing."""
