// Sends three messages with node-hl7-client over one connection, each after the answer to the one before it, and
// prints MSA-1 and MSA-2 of every answer. Usage: node mllp_node_client.mjs PORT
import { Client, Message } from "node-hl7-client";

const port = Number(process.argv[2]);
const controls = ["N1", "N2", "N3"];

function admission(control) {
  const message = new Message({
    messageHeader: { msh_9_1: "ADT", msh_9_2: "A01", msh_9_3: "ADT_A01", msh_10: control, msh_11_1: "P" },
  });
  message.set("PID.3", "00012345");
  message.set("PID.5", "沈桂兰");
  return message;
}

const client = new Client({ host: "127.0.0.1" });
const connection = client.createConnection({ port }, async (response) => {
  const answer = response.getMessage();
  console.log(`${answer.get("MSA.1").toString()} ${answer.get("MSA.2").toString()}`);
  if (controls.length > 0) {
    await connection.sendMessage(admission(controls.shift()));
  } else {
    client.closeAll();
    process.exit(0);
  }
});
connection.on("connect", () => connection.sendMessage(admission(controls.shift())));
