"""The pages, one module each: from a `Visit` to an HTML answer.

In: a request with its session. Out: a rendered template, or a redirection after a POST that changed something.
"""
