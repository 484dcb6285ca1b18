"""The life around devices: who has one when (`bindings`, `wearing`), and who may send for it (`senders`).

In: what nurses, kiosks and engineers say of devices. Out: `Binding`s for the translation of readings, readings that
waited for one put back into the queue, and whether a request is signed by whom it says.
"""
