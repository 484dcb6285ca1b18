"""The pre-processors a facility profile may name, as a closed registry of small functions on an editable message.

They mend what one sender does otherwise than the standard, before mapping. In: a parsed message and the profile's
steps. Out: the message after them, and what they took out of it. The raw message in the inbox stays.
"""
