"""What the black-box tests run the daemon with: a private broker, a private Redis, its clients.

Nothing here knows how the daemon works inside; `checker.py`, which judges what it did, uses none
of this.
"""
