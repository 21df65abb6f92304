import { playScarce, type Scarce, type Told } from "@/lib/gateway/upstream/scarce.suite";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { printWaits } from "./scarcity/waits";

/**
 * A provider of 60 requests and 40,000 tokens a minute, ten times as many calls, from two processes, for a minute. It
 * runs the gateway's own code under a virtual clock, so a run takes seconds and is repeatable. Reactive is the same
 * code without figures and headers: it learns of a limit only by the 429.
 */
const RUN: Scarce = {
  processes: 2,
  offeredPerMinute: 600,
  runMs: 60_000,
  requests: 60,
  tokens: 40_000,
  tokensEach: 400,
  figures: "operator",
  givesBack: false,
  ramp: null,
  foreignPerMinute: 0,
  seed: 1,
  classes: PRIORITIES,
};
const WAYS: readonly (readonly [name: string, run: Partial<Scarce>])[] = [
  ["reactive: cool-down after the 429", { figures: "none" }],
  ["headroom from headers alone", { figures: "headers" }],
  ["headroom from the operator's figures", {}],
  ["the same, tokens are scarce (2,000 each)", { tokensEach: 2000 }],
  ["the same, unused ones are given back", { tokensEach: 2000, givesBack: true }],
  ["the same, 20 calls/min of others", { foreignPerMinute: 20 }],
  ["the same, 4 processes, 10 minutes", { processes: 4, runMs: 600_000 }],
];
const SEEDS = [1, 2, 3, 4, 5];

const lines: { name: string; told: Told }[] = [];
for (const [name, more] of WAYS) {
  const runs: Told[] = [];
  for (const seed of SEEDS) runs.push(await playScarce({ ...RUN, ...more, seed }));
  lines.push({ name, told: runs.reduce(added) });
}
const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8);
process.stdout.write(`${"".padEnd(44)}    sent  served  429s  ${PRIORITIES.map((one) => one.padStart(12)).join("")}\n`);
for (const { name, told } of lines) {
  const admitted = PRIORITIES.map((one) => percent(1 - told.refused[one] / told.of[one]).padStart(12)).join("");
  const figures = [told.sent, told.served].map((figure) => String(figure).padStart(8)).join("");
  process.stdout.write(`${name.padEnd(44)}${figures}${percent(told.limited / told.sent)}${admitted}\n`);
}
process.stdout.write("of each class: the share of its calls that was sent\n");
const waits = printWaits();
if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify({ lines, waits })}\n`);

function added(one: Told, other: Told): Told {
  const sum = (key: "refused" | "of") => ({
    interactive: one[key].interactive + other[key].interactive,
    standard: one[key].standard + other[key].standard,
    batch: one[key].batch + other[key].batch,
    background: one[key].background + other[key].background,
  });
  const { sent, limited, served } = other;
  return {
    sent: one.sent + sent,
    limited: one.limited + limited,
    served: one.served + served,
    refused: sum("refused"),
    of: sum("of"),
  };
}
