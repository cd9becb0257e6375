"""`python -m services.catalog.images TYPE`: decodes a picture from its input, writes what is shown of it.

Run by `decoding`.
"""

import sys

from services.catalog.confined import UNREADABLE, confine
from services.catalog.domain.errors import UnreadableImage
from services.catalog.images.decoding import written
from services.catalog.images.rendering import rendered


def main(content_type: str) -> int:
    """The exit code: 0 with the pictures, UNREADABLE with the reason as text."""
    confine()
    try:
        made = rendered(sys.stdin.buffer.read(), content_type)
    except UnreadableImage as problem:
        sys.stdout.write(problem.detail)
        return UNREADABLE
    sys.stdout.buffer.write(written(*made))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
