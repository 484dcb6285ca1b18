"""Transports of the systems that are connected: they carry bytes and acknowledge them, and know nothing of content.

In: sockets and files of other systems. Out: raw messages into the inbox, through the ports of `hub.kernel.ports`.
"""
