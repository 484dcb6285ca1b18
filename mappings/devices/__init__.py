"""Readings of devices at home and in kiosks, sent as JSON, turned into FHIR R4. Pure: no clock, no store.

A vendor is data (`vendors/*.yaml`, or the profile of a feed: where in its JSON the device, the time and the values
stand); `vendormap` reads it. `readings` takes a payload apart, `clock` finds out when something was measured, `binding`
whose it is where the reading does not say (`subject`), `translate` makes resources of one reading, `reporting` tells
what became of its members; `feed` is the whole for a feed. In: JSON, the vendor, when it was received, who wore which
device when. Out: `Translation`; a reading of a device that is bound to nobody at that time is refused, so that it waits
and is never guessed.

HL7 v2 of devices (IHE PCD-01) is translated by `mappings.hl7v2`; `pcd` finds its patient by the device.
"""
