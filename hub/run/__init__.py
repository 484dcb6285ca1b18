"""The running hub: a supervisor and the processes it keeps alive (API, pipeline, bulk jobs, MLLP, folders).

In: settings and the consortium file. Out: listening sockets, child processes, the ready file. The supervisor holds
the sockets, so a process may die and come back without a refused connection; processes are forked from one that has
imported the hub. Only `hub.cli` starts it.
"""
