"""The demo: a fictional county (示例省云泽市云泽县) whose hospital and laboratory feed a real hub over real sockets.

In: the data files beside this (consortium, persons, story, expectations). Out: HL7 v2 messages sent over MLLP, a
summary, and a check that asks the running hub from another process. All persons are invented; the division code
990122 is unassigned, so their citizen ids cannot belong to anybody.
"""
