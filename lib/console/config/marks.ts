import { isDeepStrictEqual } from "node:util";
import { dropManaged, type ManagedRow, putManaged } from "@/db/queries/operators/managed";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { type ConfigFile, configFile } from "./config-file";
import { KINDS, type Kind, SECTIONS } from "./objects";
import type { Mark, Named, Plan, PlannedChange } from "./plan";

export type MarkRow = Mark & Pick<ManagedRow, "content" | "appliedAt" | "appliedBy">;

/** Marks of kinds that this release knows. */
export function marksOf(rows: readonly ManagedRow[]): MarkRow[] {
  return rows.flatMap((row) => {
    const kind = KINDS.find((known) => known === row.kind);
    return kind === undefined ? [] : { ...row, kind };
  });
}

/** The file state of each marked object. Unreadable ones are left out. */
export function fileOf(rows: readonly MarkRow[]): ConfigFile {
  const file: Record<string, Record<string, unknown>> = {};
  let everyone: ConfigFile["everyone"];
  for (const { kind, name, content } of rows) {
    const section = SECTIONS[kind];
    const one = kind === "everyone" ? content.limits : { [name]: content };
    const parsed = configFile.safeParse({ spillway: "config/1", [section]: one });
    if (!parsed.success) continue;
    if (kind === "everyone") everyone = parsed.data.everyone;
    else file[section] = { ...file[section], ...parsed.data[SECTIONS[kind]] };
  }
  return configFile.parse({ spillway: "config/1", ...file, ...(everyone === undefined ? {} : { everyone }) });
}

/** What the file itself says of an object. */
function contentOf(file: ConfigFile, { kind, name }: Named): Record<string, unknown> {
  if (kind === "everyone") return { limits: file.everyone };
  return { ...file[SECTIONS[kind]]?.[name] };
}

type Application = {
  readonly file: ConfigFile;
  readonly source: string;
  readonly done: readonly PlannedChange[];
  readonly plan: Plan;
  readonly rows: readonly MarkRow[];
  /** false if a change failed; then only completed changes are marked */
  readonly isWhole: boolean;
};

/** Marks the objects of the file and releases removed ones. Writes nothing if all marks are right. */
export async function mark(
  { context, actor }: Pick<AdminRequest, "context" | "actor">,
  of: Application,
): Promise<void> {
  const { file, source, done, plan, rows, isWhole } = of;
  const written = done.filter(({ act }) => act !== "remove");
  const known = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
  const named = isWhole ? namedIn(file) : [...written, ...plan.adopted];
  const isNew = ({ kind, name }: Named) => {
    const row = known.get(`${kind} ${name}`);
    const content = contentOf(file, { kind, name });
    return row?.source !== source || !isDeepStrictEqual(row.content, content);
  };
  const marked = named.filter(isNew);
  const unmarked = [...(isWhole ? plan.released : []), ...done.filter(({ act }) => act === "remove")];
  if (marked.length + unmarked.length + done.length === 0) return;
  const facts = { source, appliedBy: actor.name, appliedAt: new Date(context.clock.now()) };
  await change(context, actor, async (tx) => {
    await putManaged(
      tx,
      marked.map(({ kind, name }) => ({ kind, name, content: contentOf(file, { kind, name }), ...facts })),
    );
    for (const one of unmarked) await dropManaged(tx, one);
    const after = { changes: done, marked: marked.map(plain), released: plan.released };
    const entry = { action: "config.apply", target: source, before: null, after, reason: null };
    return { result: null, change: entry };
  });
}

function plain({ kind, name }: Named): Named {
  return { kind, name };
}

function namedIn(file: ConfigFile): Named[] {
  return KINDS.flatMap((kind: Kind): Named[] => {
    if (kind === "everyone") return file.everyone === undefined ? [] : [{ kind, name: kind }];
    return Object.keys(file[SECTIONS[kind]] ?? {}).map((name) => ({ kind, name }));
  });
}
