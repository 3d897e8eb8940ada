"""python -m book: build the site, and say where it is."""

import sys

from book.build import BuildError, build

if __name__ == "__main__":
    try:
        print(f"\nThe book is {build()}/index.html")
    except BuildError as error:
        sys.exit(f"{error}")
