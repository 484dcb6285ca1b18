"""What every package may rely on: errors, ids, clock, settings, logs, and the ports others implement.

In: nothing of ours. Out: small frozen values and protocols. No I/O beyond reading settings and writing log lines.
"""
