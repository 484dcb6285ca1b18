"""The web pages: sign-in, finding a person, the record page, who looked; for engineers, local codes. Rendered on the
server, Chinese first.

In: requests of browsers, with a session cookie. Out: HTML (`templates/`), its style and scripts (`static/`). Reads only
through the gate, as the actor of the session. Words, codes and target bands are data (`data/`). Every page works
without scripts; htmx and ECharts, vendored in `static/`, only enhance.
"""
