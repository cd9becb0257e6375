"""Pictures: decoded by a process that can be killed, kept in a folder or in a bucket.

What a picture may be is in ``domain.image``.
"""
