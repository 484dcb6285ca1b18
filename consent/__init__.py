"""The consent decision: may this resource leave the hub for this request, at this instant, and with what duties?

In: the case as plain JSON (policy, directory, patient, consents, request, resource), or the same compiled and prepared.
Out: a `Decision` of decision, reason and obligations. Pure: no I/O, no clock; the specification is version 1.1 of the
hub's consent decision rules, and "section n" in these files means a section of it.

`consent.decide.decide` answers one raw case. Whoever decides often compiles consents when they are written
(`consent.compiler.compile_consents`), prepares a request once (`consent.prepare.prepare`) and asks the result about
one resource after another; its rules, reduced to what a resource must fulfil, are open to be turned into predicates.
"""
