import http from "node:http";
import { Spillway } from "../e2e/fixtures/spillway";
import { croppedT } from "./timing/welch";
import { wrongKeys } from "./timing/wrong-keys";

/**
 * Whether the time of a 401 reveals an unknown key, or how much of a secret is right: Welch's t over interleaved
 * samples in random order, as in dudect. `--samples 20000` for each kind. Exit code 1 when |t| >= 4.5.
 */
const at = process.argv.indexOf("--samples");
const SAMPLES = Number((at === -1 ? process.env.SAMPLES : process.argv[at + 1]) ?? 20_000);
/** Above this two means differ with certainty (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017). */
const T_MAX = 4.5;
const WARM_UP = 500;

// Each attempt uses another address: wrong keys from one address are soon refused, both kinds alike.
const spillway = await Spillway.run({ TRUSTED_HOPS: "1", LOG_LEVEL: "fatal" });
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const kinds = wrongKeys(spillway.demo.keys.enterprise);
const names = Object.keys(kinds);
const took = new Map(names.map((name) => [name, [] as number[]]));
let asked = 0;

for (let sample = 0; sample < WARM_UP; sample++) await measured(kinds[names[sample % names.length] ?? ""]?.() ?? "");
for (let sample = 0; sample < SAMPLES * names.length; sample++) {
  const name = names[Math.floor(Math.random() * names.length)] ?? "";
  took.get(name)?.push(await measured(kinds[name]?.() ?? ""));
}
agent.destroy();
await spillway.stop();

const [first = "", ...others] = names;
const pairs = others.map((other) => ({ other, t: croppedT(took.get(first) ?? [], took.get(other) ?? []) }));
for (const { other, t } of pairs)
  console.log(
    `key timing: ${first} against ${other}: |t| = ${Math.abs(t).toFixed(2)} over ${SAMPLES} samples each, wanted < ${T_MAX}`,
  );
process.exit(pairs.every(({ t }) => Math.abs(t) < T_MAX) ? 0 : 1);

function measured(key: string): Promise<number> {
  asked += 1;
  const address = `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`;
  const headers = { authorization: `Bearer ${key}`, "x-forwarded-for": address };
  const { hostname, port } = new URL(spillway.baseUrl);
  return new Promise((resolve, reject) => {
    const since = process.hrtime.bigint();
    const request = http.get({ agent, host: hostname, port, path: "/v1/models", headers }, (answer) => {
      const ns = Number(process.hrtime.bigint() - since);
      answer.resume();
      answer.once("end", () =>
        answer.statusCode === 401 ? resolve(ns) : reject(new Error(`${answer.statusCode}, not 401`)),
      );
    });
    request.once("error", reject);
  });
}
