"""The only wiring: builds what a process needs from settings, the consortium and a database.

In: settings and a log, or the URL of a database. Out: ready-made parts, closed when their context ends. One module for
each kind of process; nothing else knows how the parts are put together.
"""
