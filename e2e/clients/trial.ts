import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { speaking } from "../agents/brain";
import { endOfGroup } from "../fixtures/process";
import { answering, type Came, type Script } from "../fixtures/scripted";
import type { Client } from "./clients";

/** One thing that a client is asked to do at one place. */
export type Case = {
  readonly id: string;
  readonly what: string;
  readonly place: { readonly url: string; readonly key: string; readonly model: string };
  readonly prompt: string;
};

/** How it ended: with the words that the client returned, or with those of its error. */
export type Told = { readonly text: string } | { readonly error: string };

export const ANSWER = "The river is high.";
const STRUCTURED = '{"level":"high"}';
/** What a provider says when a prompt asks it to fail. */
export const REFUSAL = "The river is too wide for this bridge.";
export const FAILING = "Fail, please.";

/** Uses the first tool that it is offered once, then answers; gives JSON to those who ask for it; fails when asked to. */
export const river: Script = (response, came) => {
  if (came.text.includes(FAILING)) return refusing(response, came);
  if (came.path.split("?")[0]?.endsWith("/count_tokens")) return answering(200, { input_tokens: 12 })(response, came);
  return answers(response, came);
};

export const refusing = answering(400, {
  type: "error",
  error: { type: "invalid_request_error", code: "too_wide", param: "messages", message: REFUSAL },
});
const answers = speaking(({ tools, done, text }) => {
  const [tool] = tools;
  if (/"json_schema"|"json_object"/.test(text)) return { text: STRUCTURED };
  return tool !== undefined && done === 0 ? { tool, input: { path: "notes.txt" } } : { text: ANSWER };
});

/** Runs all of a client's cases in one process; those without a line in its output have ended with what it wrote. */
export async function tried(
  client: Client,
  cases: readonly Case[],
  { installed, withinMs }: { readonly installed: string; readonly withinMs: number },
): Promise<ReadonlyMap<string, Told>> {
  if (cases.length === 0) return new Map();
  const folder = path.join(installed, client.folder);
  fs.cpSync(path.join(import.meta.dirname, "programs"), path.join(folder, "programs"), { recursive: true });
  fs.copyFileSync(path.join(import.meta.dirname, "run-cases.mjs"), path.join(folder, "run-cases.mjs"));
  const args = ["run-cases.mjs", `programs/${client.program}`, JSON.stringify(cases)];
  const own = path.join(folder, "node_modules/node/bin/node");
  const child = spawn(fs.existsSync(own) ? own : process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, NODE_ENV: "production", NO_COLOR: "1", ...NO_NEWS },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  await endOfGroup(child, withinMs);
  const told = new Map<string, Told>();
  for (const line of output.split("\n")) {
    if (!line.startsWith("@@")) continue;
    const { id, ...one } = JSON.parse(line.slice(2));
    told.set(id, one);
  }
  for (const { id } of cases) if (!told.has(id)) told.set(id, { error: `it ended early: ${output.slice(-2000)}` });
  return told;
}

/** Frameworks that would report home do not. */
const NO_NEWS = {
  GENKIT_ENV: "prod",
  MASTRA_TELEMETRY_DISABLED: "1",
  OPENAI_AGENTS_DISABLE_TRACING: "1",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
};

/** Written by Spillway on every call. */
const OURS: ReadonlySet<string> = new Set([
  ...["model", "max_tokens", "max_completion_tokens", "max_output_tokens", "stream_options"],
]);

/** What the provider got for a case, without what differs between two runs of one client. */
export function sentFor(came: readonly Came[], id: string): readonly string[] {
  return came
    .filter(({ text }) => text.includes(`[${id}]`))
    .map(({ text }) => {
      const body: Record<string, unknown> = JSON.parse(text);
      const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !OURS.has(name)));
      return JSON.stringify(kept)
        .replaceAll(`[${id}]`, "")
        .replace(/([a-z]+)_\d{24}/g, "$1");
    });
}

export const promptOf = (id: string, failing = false) => `How high is the river? ${failing ? FAILING : ""}[${id}]`;

/** The version that is installed below a folder; null = there is none. */
export function versionOf(folder: string, name: string): string | null {
  const file = path.join(folder, "node_modules", name, "package.json");
  return fs.existsSync(file) ? String(JSON.parse(fs.readFileSync(file, "utf8")).version) : null;
}
