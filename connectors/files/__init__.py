"""Files of other systems: put into a watched folder, or sent in one HTTP request (the door is in `hub.api`).

In: bytes of a file. Out: `Received` messages into the inbox port, one for each message in it. `intake` takes one file,
`folder` watches a folder.
"""
