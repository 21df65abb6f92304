import fs from "node:fs";
import { SourceMap } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { root } from "../../e2e/fixtures/process";

const frame = z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number(), columnNumber: z.number() });
export const cpuProfile = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: frame, children: z.array(z.number()).optional() })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
type CpuProfile = z.infer<typeof cpuProfile>;

/** `part`: a room of ours, a package, Node, native code or the collector; `self`, `whole`: µs without, with calls below. */
export type Spent = { readonly part: string; readonly name: string; self: number; whole: number };

/** Time by function, with source positions. Idle time is left out. */
export function spentIn({ nodes, samples, timeDeltas }: CpuProfile): { readonly busy: number; readonly by: Spent[] } {
  const placed = placeOf();
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const functions = new Map<number, { key: string; part: string; name: string }>();
  for (const { id, callFrame } of nodes) functions.set(id, placed(callFrame));
  const by = new Map<string, Spent>();
  let busy = 0;
  for (const [at, sample] of samples.entries()) {
    const own = functions.get(sample);
    const micros = timeDeltas[at] ?? 0;
    if (own === undefined || own.name === "(idle)") continue;
    busy += micros;
    const seen = new Set<string>();
    for (let node: number | undefined = sample; node !== undefined; node = parents.get(node)) {
      const place = functions.get(node);
      if (place === undefined || seen.has(place.key)) continue;
      seen.add(place.key);
      const spent = by.get(place.key) ?? { part: place.part, name: place.name, self: 0, whole: 0 };
      spent.whole += micros;
      if (node === sample) spent.self += micros;
      by.set(place.key, spent);
    }
  }
  return { busy, by: [...by.values()] };
}

function placeOf() {
  const maps = new Map<string, SourceMap | null>();
  const mapOf = (file: string) => {
    if (!maps.has(file)) {
      const map = `${file}.map`;
      maps.set(file, fs.existsSync(map) ? new SourceMap(JSON.parse(fs.readFileSync(map, "utf8"))) : null);
    }
    return maps.get(file) ?? null;
  };
  return ({ functionName, url, lineNumber, columnNumber }: z.infer<typeof frame>) => {
    const name = functionName === "" ? "(nameless)" : functionName;
    const special = /^\((program|garbage collector|idle|root)\)$/.test(name);
    if (special) return { key: name, part: name === "(program)" ? "native" : name, name };
    if (url === "") return { key: `native ${name}`, part: "native", name };
    if (url.startsWith("node:")) return { key: `${url} ${name} ${lineNumber}`, part: "node", name: `${name} ${url}` };
    const file = url.startsWith("file:") ? fileURLToPath(url) : url;
    const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
    if (packaged !== undefined)
      return {
        key: `${file} ${name} ${lineNumber}`,
        part: packaged,
        name: `${name} ${path.basename(file)}:${lineNumber + 1}`,
      };
    const entry = mapOf(file)?.findEntry(lineNumber, columnNumber);
    const source =
      entry !== undefined && "originalSource" in entry ? path.resolve(path.dirname(file), entry.originalSource) : file;
    const line = entry !== undefined && "originalLine" in entry ? entry.originalLine + 1 : lineNumber + 1;
    const within = path.relative(root, source);
    return { key: `${within} ${line} ${name}`, part: path.dirname(within), name: `${name} ${within}:${line}` };
  };
}
