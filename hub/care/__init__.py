"""Services for people with chronic diseases, on top of the record: alerts.

In: what the doors of the records write. Out: Flags on the patient and Tasks of who looks after her, written by the
door for clients; nothing is read but through the gate, as the doctor who is told.

    write -> watch: does a rule ask for a look -> waiting -> alerting: the gate shows, the rules judge -> Task
"""
