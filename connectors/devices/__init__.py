"""Devices that publish to an MQTT broker. (Those that send over HTTPS have their door in `hub.api`.)

In: messages of topics. Out: `Received` readings into the inbox port, and a PUBACK once they are durable. `topics` tells
which device a topic is of, `mqtt` subscribes.
"""
