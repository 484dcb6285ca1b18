"""The demo: a fictional county (示例省云泽市云泽县) that feeds a real hub over real sockets and asks it in return.

In: the data files beside this: consortium, persons and staff, what the hospital and the laboratory send by HL7 v2
(story), what community facilities write by FHIR (community), what patients and doctors then do (acts), what must be
true in the end (expectations). Out: messages over MLLP, requests over HTTP, a summary, and a check that asks the
running hub from another process. All persons are invented; the division code 990122 is unassigned, so their citizen
ids cannot belong to anybody.
"""
