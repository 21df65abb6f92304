import type { Came, Script } from "../fixtures/scripted";

/** What the scripted model does next: uses a tool of the agent's, or says its last words. */
export type Step =
  | { readonly tool: string; readonly input: Readonly<Record<string, unknown>> }
  | { readonly text: string };

export const FILE = "notes.txt";
export const BEFORE = "The river is low today.\n";
export const AFTER = "The river is high today.\n";
export const LAST_WORDS = "The note says high now.";
const [OLD, NEW] = ["low", "high"] as const;

/** What a call to the scripted model has in it. */
export type Asked = {
  readonly tools: readonly string[];
  /** results of tools that it brings */
  readonly done: number;
  readonly text: string;
};

/** A model that does what `next` says, in each of the three APIs. */
export function speaking(next: (asked: Asked) => Step, { slowMs = 0 } = {}): Script {
  return (response, came) => {
    if (came.text === "") return reply(response, 200, { object: "list", data: [] });
    const body = objectOf(JSON.parse(came.text));
    const wire = wireOf(came);
    if (wire === null) return reply(response, 404, { error: { message: "no such path", type: "not_found_error" } });
    const asked = { tools: wire.tools(body), done: wire.results(body), text: came.text };
    const step = next(asked);
    const send = () => wire.send(response, step, body.stream === true);
    if (slowMs > 0 && "text" in step && asked.tools.length > 0) setTimeout(send, slowMs);
    else send();
  };
}

/**
 * A coding task as a model would go about it: read, edit, run, finish. Which tools it has for that is the agent's affair:
 * the first known one that the call offers is used. Calls without tools (titles, checks) get a line of text.
 */
export function codingTask(cwd: string, { picture = "", slowMs = 0, byShell = false } = {}): Script {
  const next = ({ tools, done }: Asked): Step => {
    if (byShell) return shellStep(tools, done);
    const isLooking = picture !== "" && tools.includes("Read");
    if (isLooking && done === 0) return { tool: "Read", input: { file_path: picture } };
    return nextStep(tools, isLooking ? done - 1 : done, cwd);
  };
  return speaking(next, { slowMs });
}

type Answering = Parameters<Script>[0];
type Json = Readonly<Record<string, unknown>>;
type Wire = {
  tools(body: Json): readonly string[];
  results(body: Json): number;
  send(response: Answering, step: Step, isStream: boolean): void;
};

function wireOf({ path }: Came): Wire | null {
  const [bare = ""] = path.split("?");
  if (bare.endsWith("/messages")) return MESSAGES;
  if (bare.endsWith("/responses")) return RESPONSES;
  return bare.endsWith("/chat/completions") ? CHAT : null;
}

/** The task by the agent's shell alone: other tools of one name take other arguments elsewhere. */
function shellStep(tools: readonly string[], done: number): Step {
  const tool = SHELLS.find((name) => tools.includes(name)) ?? "none";
  if (tools.length === 0) return { text: "A note about the river" };
  const command = [`cat ${FILE}`, `sed -i s/${OLD}/${NEW}/ ${FILE}`, `cat ${FILE}`][done];
  return command === undefined ? { text: LAST_WORDS } : { tool, input: shellInput(tool, command) };
}

const SHELLS = ["Bash", "bash", "exec_command", "shell", "shell_command", "run_shell_command", "run_commands"];

function nextStep(tools: readonly string[], done: number, cwd: string): Step {
  if (tools.length === 0) return { text: "A note about the river" };
  const has = (...names: string[]) => names.find((name) => tools.includes(name)) ?? null;
  const path = `${cwd}/${FILE}`;
  const shell = has(...SHELLS);
  const run = (command: string): Step => ({ tool: shell ?? "none", input: shellInput(shell ?? "", command) });
  const read = has("Read", "read", "read_file");
  const edit = has("Edit", "edit", "replace");
  if (done === 0) return read === null ? run(`cat ${FILE}`) : { tool: read, input: pathInput(read, path) };
  if (done === 1)
    return edit === null ? run(`sed -i s/${OLD}/${NEW}/ ${FILE}`) : { tool: edit, input: editInput(edit, path) };
  return done === 2 ? run(`cat ${FILE}`) : { text: LAST_WORDS };
}

function pathInput(tool: string, path: string): Json {
  return tool === "read" ? { filePath: path } : { file_path: path };
}

function editInput(tool: string, path: string): Json {
  return tool === "edit"
    ? { filePath: path, oldString: OLD, newString: NEW }
    : { file_path: path, old_string: OLD, new_string: NEW };
}

function shellInput(tool: string, command: string): Json {
  if (tool === "exec_command") return { cmd: command };
  if (tool === "run_commands") return { commands: [command] };
  if (tool === "run_shell_command") return { command, is_background: false };
  if (tool === "shell") return { command: ["bash", "-lc", command] };
  return { command, description: "Looks at the note" };
}

const USAGE_IN = 1200;
const USAGE_OUT = 30;

const MESSAGES: Wire = {
  tools: ({ tools }) => listOf(tools).map((tool) => String(objectOf(tool).name)),
  results: ({ messages }) => countOf(partsOf(messages), "tool_result"),
  send(response, step, isStream) {
    const id = idOf("toolu");
    const block =
      "text" in step ? { type: "text", text: step.text } : { type: "tool_use", id, name: step.tool, input: step.input };
    const stop_reason = "text" in step ? "end_turn" : "tool_use";
    const usage = { input_tokens: USAGE_IN, output_tokens: USAGE_OUT };
    const head = { id: idOf("msg"), type: "message", role: "assistant", model: "up-model" };
    if (!isStream) return reply(response, 200, { ...head, content: [block], stop_reason, stop_sequence: null, usage });
    const delta =
      "text" in step
        ? { type: "text_delta", text: step.text }
        : { type: "input_json_delta", partial_json: JSON.stringify(step.input) };
    const empty = "text" in step ? { type: "text", text: "" } : { type: "tool_use", id, name: step.tool, input: {} };
    events(response, [
      { type: "message_start", message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } },
      { type: "content_block_start", index: 0, content_block: empty },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: USAGE_OUT } },
      { type: "message_stop" },
    ]);
  },
};

const RESPONSES: Wire = {
  tools: ({ tools }) =>
    listOf(tools).map((tool) => {
      const { name, type } = objectOf(tool);
      return String(name ?? type);
    }),
  results: ({ input }) => listOf(input).filter((item) => String(objectOf(item).type).endsWith("call_output")).length,
  send(response, step, isStream) {
    const item =
      "text" in step
        ? {
            type: "message",
            id: idOf("msg"),
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: step.text, annotations: [], logprobs: [] }],
          }
        : {
            type: "function_call",
            id: idOf("fc"),
            call_id: idOf("call"),
            status: "completed",
            name: step.tool,
            arguments: JSON.stringify(step.input),
          };
    const usage = {
      input_tokens: USAGE_IN,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: USAGE_OUT,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: USAGE_IN + USAGE_OUT,
    };
    const head = { id: idOf("resp"), object: "response", created_at: 1, model: "up-model", error: null };
    const whole = { ...head, status: "completed", output: [item], usage };
    if (!isStream) return reply(response, 200, whole);
    const at = { output_index: 0, item_id: item.id };
    const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
    const began = "text" in step ? { ...item, status: "in_progress", content: [] } : { ...item, arguments: "" };
    const pieces =
      "text" in step
        ? [
            { type: "response.content_part.added", ...at, content_index: 0, part },
            { type: "response.output_text.delta", ...at, content_index: 0, delta: step.text, logprobs: [] },
            { type: "response.output_text.done", ...at, content_index: 0, text: step.text, logprobs: [] },
            { type: "response.content_part.done", ...at, content_index: 0, part: { ...part, text: step.text } },
          ]
        : [
            { type: "response.function_call_arguments.delta", ...at, delta: JSON.stringify(step.input) },
            { type: "response.function_call_arguments.done", ...at, arguments: JSON.stringify(step.input) },
          ];
    const all = [
      { type: "response.created", response: { ...head, status: "in_progress", output: [] } },
      { type: "response.output_item.added", output_index: 0, item: began },
      ...pieces,
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: whole },
    ];
    events(
      response,
      all.map((one, sequence_number) => ({ ...one, sequence_number })),
    );
  },
};

const CHAT: Wire = {
  tools: ({ tools }) => listOf(tools).map((tool) => String(objectOf(objectOf(tool).function).name)),
  results: ({ messages }) => listOf(messages).filter((message) => objectOf(message).role === "tool").length,
  send(response, step, isStream) {
    const call = { id: idOf("call"), type: "function" };
    const said =
      "text" in step
        ? { content: step.text }
        : {
            content: null,
            tool_calls: [{ index: 0, ...call, function: { name: step.tool, arguments: JSON.stringify(step.input) } }],
          };
    const finish_reason = "text" in step ? "stop" : "tool_calls";
    const usage = { prompt_tokens: USAGE_IN, completion_tokens: USAGE_OUT, total_tokens: USAGE_IN + USAGE_OUT };
    const head = { id: idOf("c"), created: 1, model: "up-model" };
    const message = { role: "assistant", ...said };
    if (!isStream) {
      const choices = [{ index: 0, message, finish_reason }];
      return reply(response, 200, { ...head, object: "chat.completion", choices, usage });
    }
    const chunk = (delta: Json, finish: string | null) => ({
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const last = { ...chunk({}, null), choices: [], usage };
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const one of [chunk(message, null), chunk({}, finish_reason), last])
      response.write(`data: ${JSON.stringify(one)}\n\n`);
    response.end("data: [DONE]\n\n");
  },
};

function events(response: Answering, all: readonly Json[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const one of all) response.write(`event: ${String(one.type)}\ndata: ${JSON.stringify(one)}\n\n`);
  response.end();
}

function reply(response: Answering, status: number, body: Json): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

let issued = 0;
/** Agents tell calls apart by their ids. */
function idOf(kind: string): string {
  issued += 1;
  return `${kind}_${String(issued).padStart(24, "0")}`;
}

function partsOf(messages: unknown): unknown[] {
  return listOf(messages).flatMap((message) => listOf(objectOf(message).content));
}

function countOf(parts: readonly unknown[], type: string): number {
  return parts.filter((part) => objectOf(part).type === type).length;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
