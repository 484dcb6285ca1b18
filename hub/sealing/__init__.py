"""What is kept sealed: bodies and messages under data keys, data keys under wrapping keys, these under the master key.

In: bytes and what they belong to. Out: sealed bytes with a header that says how, and the bytes again for whoever has
the master key. An erased data key makes what it sealed unreadable, wherever copies of that are.
"""
