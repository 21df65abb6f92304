import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const QUIET = {
  PROMPTFOO_DISABLE_TELEMETRY: "1",
  PROMPTFOO_DISABLE_UPDATE: "1",
  PROMPTFOO_DISABLE_REMOTE_GENERATION: "1",
};

/** One prompt at one provider, as its command does it. */
async function evaluated(provider, prompt) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-promptfoo-"));
  const [config, output] = [path.join(home, "config.json"), path.join(home, "out.json")];
  fs.writeFileSync(
    config,
    JSON.stringify({ prompts: [prompt], providers: [provider], tests: [{ vars: { river: "high" } }] }),
  );
  const args = ["node_modules/promptfoo/dist/src/entrypoint.js", "eval", "-c", config, "-o", output, "--no-cache"];
  const env = { ...process.env, ...QUIET, PROMPTFOO_CONFIG_DIR: home };
  const said = await new Promise((resolve) =>
    execFile(process.execPath, [...args, "--no-table", "--no-progress-bar"], { env }, (_error, ...out) =>
      resolve(out.join("")),
    ),
  );
  const { results } = fs.existsSync(output) ? JSON.parse(fs.readFileSync(output, "utf8")) : {};
  fs.rmSync(home, { recursive: true, force: true });
  const [one] = results?.results ?? [];
  if (one?.response?.output === undefined) throw new Error(one?.error ?? one?.response?.error ?? said);
  return one.response.output;
}

export default {
  plain({ url, key, model }, prompt) {
    return evaluated({ id: `openai:chat:${model}`, config: { apiBaseUrl: `${url}/v1`, apiKey: key } }, prompt);
  },
  responses({ url, key, model }, prompt) {
    return evaluated({ id: `openai:responses:${model}`, config: { apiBaseUrl: `${url}/v1`, apiKey: key } }, prompt);
  },
  messages({ url, key, model }, prompt) {
    return evaluated({ id: `anthropic:messages:${model}`, config: { apiBaseUrl: url, apiKey: key } }, prompt);
  },
};
