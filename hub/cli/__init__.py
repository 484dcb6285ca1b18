"""The command line `yilian`: one file per command, thin over the packages that do the work.

In: arguments, files, settings from the environment. Out: results on standard output, everything else on standard
error. A refusal is one message and an exit code, never a traceback. With `hub.bootstrap`, `hub.run` and `hub.demo`
this is the only place that knows every package.
"""
