"""The book: lessons, results and reference as a static site. `python -m book` builds it; nothing it makes is committed."""
