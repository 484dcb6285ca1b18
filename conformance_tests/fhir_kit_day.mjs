// A day's work of a clinic's program with fhir-kit-client. Prints one JSON object of what it saw.
// Usage: node fhir_kit_day.mjs BASE TOKEN EXPIRED_TOKEN
import { Client } from "fhir-kit-client";

const [base, token, expired] = process.argv.slice(2);
const client = new Client({ baseUrl: base, bearerToken: expired });
const seen = {};
const mrn = "urn:test:kit";
const refusal = async (work) => {
  try {
    await work;
  } catch (error) {
    const { status, data } = error.response;
    return { status, type: data?.resourceType, says: data?.issue?.[0]?.diagnostics };
  }
  return { status: 0 };
};
const person = (number, more = {}) => ({
  resourceType: "Patient",
  identifier: [{ system: mrn, value: number }],
  name: [{ family: "欧阳", given: ["海"] }],
  gender: "male",
  birthDate: "1949-12-05",
  ...more,
});
const pressure = (subject, value) => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "8480-6" }] },
  subject: { reference: subject },
  effectiveDateTime: `2026-05-${String(value - 120).padStart(2, "0")}T08:00:00+08:00`,
  valueQuantity: { value, unit: "mm[Hg]", system: "http://unitsofmeasure.org", code: "mm[Hg]" },
});

const statement = await client.capabilityStatement();
seen.version = statement.fhirVersion;

seen.expired = await refusal(client.read({ resourceType: "Patient", id: "x" }));
client.bearerToken = token;

const made = await client.create({ resourceType: "Patient", body: person("1") });
seen.location = Client.httpFor(made).response.headers.get("location") === `${base}/Patient/${made.id}/_history/1`;
const once = { headers: { "If-None-Exist": `identifier=${mrn}|1` } };
seen.again = (await client.create({ resourceType: "Patient", body: person("1"), options: once })).id === made.id;
const named = await client.search({ resourceType: "Patient", searchParams: { name: "欧阳", identifier: `${mrn}|1` } });
seen.named = named.entry.map((entry) => entry.resource.id).join() === made.id;

const first = { headers: { "If-Match": 'W/"1"' } };
const change = { resourceType: "Patient", id: made.id, body: { ...made, birthDate: "1949-12-06" }, options: first };
seen.updated = (await client.update(change)).meta.versionId;
seen.lost = await refusal(client.update(change));
seen.old = (await client.vread({ resourceType: "Patient", id: made.id, version: "1" })).birthDate;
const search = { resourceType: "Patient", searchParams: { identifier: `${mrn}|2` } };
seen.upserted = Client.httpFor(await client.update({ ...search, body: person("2") })).response.status;
seen.upsertedAgain = Client.httpFor(await client.update({ ...search, body: person("2", { gender: "other" }) })).response.status;

const full = "urn:uuid:8c5f3a70-0000-4000-8000-00000000000a";
const entry = (url, resource, more = {}) => ({ resource, request: { method: "POST", url, ...more } });
const visit = { resourceType: "Encounter", status: "finished", class: { code: "AMB" }, subject: { reference: full } };
const done = await client.transaction({
  body: {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      { fullUrl: full, ...entry("Patient", person("1"), { ifNoneExist: `identifier=${mrn}|1` }) },
      entry("Encounter", visit),
      ...[121, 122, 123, 124, 125].map((value) => entry("Observation", pressure(full, value))),
    ],
  },
});
seen.transaction = done.entry.map((one) => one.response.status.slice(0, 3)).join();
seen.failed = await refusal(
  client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry: [entry("Patient", { resourceType: "Patient", gender: "?" })] } }),
);
const mixed = [{ request: { method: "GET", url: `Patient/${made.id}` } }, { request: { method: "GET", url: "Patient/nobody" } }];
const batch = await client.batch({ body: { resourceType: "Bundle", type: "batch", entry: mixed } });
seen.batch = batch.entry.map((one) => one.response.status.slice(0, 3)).join();

const values = [];
const chain = { "subject:Patient.identifier": `${mrn}|1`, _sort: "-date", _count: 2, _include: "Observation:subject" };
let page = await client.search({ resourceType: "Observation", searchParams: chain });
seen.included = page.entry.filter((one) => one.search.mode === "include").map((one) => one.resource.id).join() === made.id;
while (page) {
  values.push(...page.entry.filter((one) => one.search.mode === "match").map((one) => one.resource.valueQuantity.value));
  page = await client.nextPage({ bundle: page });
}
seen.values = values.join();
const byPost = { resourceType: "Observation", searchParams: { patient: made.id }, options: { postSearch: true } };
seen.posted = (await client.search(byPost)).entry.length;
seen.resolved = (await client.resolve({ reference: `Patient/${made.id}` })).id === made.id;
const record = await client.operation({ name: "everything", resourceType: "Patient", id: made.id, method: "GET" });
seen.everything = record.entry.map((one) => one.resource.resourceType).sort().join();

await client.delete({ resourceType: "Patient", id: made.id });
seen.deleted = await refusal(client.read({ resourceType: "Patient", id: made.id }));
const history = await client.history({ resourceType: "Patient", id: made.id });
seen.history = history.entry.map((one) => one.request.method).join();
seen.unknown = await refusal(client.search({ resourceType: "Patient", searchParams: { shoe: "44" } }));
console.log(JSON.stringify(seen));
process.exit(0);
