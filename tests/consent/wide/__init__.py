"""Cases about everything in the rules, drawn from a `random.Random`: as fast as a loop, or as small as Hypothesis can.

Half of them are plain: all consents count and nothing short-cuts the evaluation, so that provisions decide. The others
hold what the rules call missing, malformed, foreign or expired. Values lie at the edges of one another.
"""
