"""What family-doctor systems and the apps of village doctors send as JSON, turned into FHIR R4.

Records of four kinds: contracts (签约: CareTeam, EpisodeOfCare), long prescriptions (长处方: MedicationRequest, at
most 84 days), two-way referrals (双向转诊: ServiceRequest, Task, and the `documents` attached) and measurements of a
visit (Observation). `batch` puts the records of an offline batch in order and drops what is sent twice; `records` says
what a record looks like; `contracts`, `prescriptions`, `referrals` and `measurements` make resources; `translate` is
the whole for one record. In: bytes. Out: `Translation`.
"""
