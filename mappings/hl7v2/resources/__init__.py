"""One file per family of resources: what they are identified by, how they refer to each other, what completes them.

The rows say what an element is made of; here stands what rows cannot say. In: grouped segments and the context.
Out: drafts in the context.
"""
