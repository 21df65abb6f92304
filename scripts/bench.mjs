import fs from "node:fs";
import path from "node:path";
import { bundled, root } from "./run.mjs";

// npm run bench -- <name> [--json]: builds one bench and runs it; prints ratios against a baseline of the same run.
const [name, ...rest] = process.argv.slice(2);
const known = fs
  .readdirSync(path.join(root, "bench"))
  .flatMap((file) => (file.endsWith(".bench.ts") ? [file.replace(".bench.ts", "")] : []));
if (!known.includes(name)) {
  process.stderr.write(`Which one? npm run bench -- ${known.join(" | ")}\n`);
  process.exit(1);
}
const outfile = await bundled(`bench/${name}.mjs`, { entryPoints: [`bench/${name}.bench.ts`] });
process.chdir(root);
process.argv = [process.argv[0], outfile, ...rest];
await import(outfile);
