import readline from "node:readline";

// An MCP server with 150 tools over stdio. Each has a bound of 64 bits, which is a whole number in JSON and none in a double.
const TOOLS = 150;
const UINT64_MAX = "18446744073709551615";

const tools = Array.from({ length: TOOLS }, (_, at) => ({
  name: `gauge_${at}`,
  description: `Reads gauge ${at} of the river`,
  inputSchema: { type: "object", properties: { id: { type: "integer", minimum: 0, maximum: "UINT64_MAX" } } },
}));
const RESULTS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "gauges", version: "1.0.0" },
  }),
  "tools/list": () => ({ tools }),
  "tools/call": () => ({ content: [{ type: "text", text: "low" }] }),
  ping: () => ({}),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined) continue;
  const result = RESULTS[method];
  const answer =
    result === undefined ? { error: { code: -32601, message: "There is no such method" } } : { result: result(params) };
  const text = JSON.stringify({ jsonrpc: "2.0", id, ...answer });
  process.stdout.write(`${text.replaceAll('"UINT64_MAX"', UINT64_MAX)}\n`);
}
