import { Provider } from "../e2e/fixtures/simulator";
import { Spillway } from "../e2e/fixtures/spillway";

/** The admitted share of a burst that fits its budget, with the learned reserve and with the worst-case one. */
const BURST = 100;
const TEACH = 100;
const MAX_TOKENS = 2000;

const [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
await provider.serve(spillway);
const key = spillway.demo.keys.standard;

/** Realistic answers: most short, few long. Log-normal around 120 tokens, from a fixed seed. */
function makeLengths(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
  return () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.min(MAX_TOKENS, Math.max(1, Math.round(120 * Math.exp(0.6 * normal))));
  };
}

type Tier = { limits: { name: string; capacity: number }[] };

async function setTier(capacity: number, reserve: "worst" | "learned"): Promise<void> {
  const tier = await spillway.admin<Tier>("GET", "tiers/standard");
  const others = tier.limits
    .filter(({ name }) => name !== "user-tokens")
    .map((limit) => ({ ...limit, capacity: 1e12 }));
  const own = {
    name: "user-tokens",
    layer: "user",
    dimension: "total_tokens",
    algorithm: "token_bucket",
    capacity,
    refill: capacity,
    windowSeconds: 60,
  };
  await spillway.admin("PUT", "tiers/standard", { ...tier, limits: [...others, own], ladder: { reserve } });
}

const call = (user: string, outputTokens: number, more: object = {}) =>
  spillway.chat(
    key,
    {
      max_tokens: MAX_TOKENS,
      messages: [{ role: "user", content: `sim:${JSON.stringify({ outputTokens, ...more })}` }],
    },
    { headers: { "x-spillway-user": user, "x-spillway-feature": "bench" } },
  );

async function burst(reserve: "worst" | "learned") {
  const length = makeLengths(7);
  const lengths = Array.from({ length: BURST }, length);
  // The burst's actual usage, input included, fits exactly.
  const needed = lengths.reduce((sum, tokens) => sum + tokens + 30, 0);
  await setTier(1e12, reserve);
  const lesson = makeLengths(11);
  for (let taught = 0; taught < TEACH; taught++) await (await call("teacher", lesson())).text();
  await setTier(needed, reserve);
  const user = `burst ${reserve}`;
  const answers = await Promise.all(lengths.map((tokens) => call(user, tokens, { tokenMs: 1 })));
  const admitted = answers.filter((answer) => answer.status === 200).length;
  await Promise.all(answers.map((answer) => answer.text()));
  return { admitted: admitted / BURST, capacity: needed, debt: await repaid(`debt ${reserve}`) };
}

/** A deliberate overrun: one long answer after many short ones. Is the overrun really owed, and repaid in time? */
async function repaid(user: string) {
  await setTier(1500, "learned");
  await (await call(user, MAX_TOKENS)).text();
  const refused = await call(user, 10);
  const { error } = await refused.json();
  if (refused.status !== 429) return { overrun: 0, waitSeconds: 0, admittedAfter: true };
  const told = Number(refused.headers.get("retry-after-ms"));
  await new Promise((resolve) => setTimeout(resolve, told));
  const again = await call(user, 10);
  return { overrun: Number(error.used) - 1500, waitSeconds: told / 1000, admittedAfter: again.status === 200 };
}

const worst = await burst("worst");
const learned = await burst("learned");
console.log(
  `a burst of ${BURST} calls whose real use fits its budget, max_tokens ${MAX_TOKENS}, answers log-normal around 120\n`,
);
console.table([
  { reserve: "worst case", admitted: `${(worst.admitted * 100).toFixed(0)} %`, budget: worst.capacity },
  { reserve: "learned", admitted: `${(learned.admitted * 100).toFixed(0)} %`, budget: learned.capacity },
]);
const { overrun, waitSeconds, admittedAfter } = learned.debt;
console.log(
  `an overrun of ${overrun} tokens became debt; told to wait ${waitSeconds} s, then ${admittedAfter ? "admitted" : "refused again"}`,
);
if (process.argv.includes("--json")) {
  const round = (value: number) => Math.round(value * 1000) / 1000;
  console.log(
    JSON.stringify({
      admittedLearned: round(learned.admitted),
      admittedWorstCase: round(worst.admitted),
      overrunRepaid: overrun > 0 && admittedAfter,
    }),
  );
}
await spillway.stop();
await provider.stop();
process.exit(0);
