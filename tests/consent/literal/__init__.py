"""A second reading of the consent rules, slow and literal, on plain JSON: shares nothing with the engine.

In: a case as section 1 has it. Out: `permit` or `deny`, the reason and the obligations. Each function names the
section it spells out; where a text can be read two ways, section 9a decides. `answer` is the way in.
"""
