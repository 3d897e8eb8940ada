"""python -m book: build the site, and say where it is and how to look at it."""

import sys

from book.build import BuildError, build

if __name__ == "__main__":
    try:
        site = build()
        # from file:// a browser loads no JavaScript modules
        print(f"\nThe book is {site}/index.html; its explorers move when it is served: python -m http.server -d {site}")
    except BuildError as error:
        sys.exit(f"{error}")
