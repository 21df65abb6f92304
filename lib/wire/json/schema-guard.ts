import { PublicError } from "@/lib/errors";
import { isObject } from "./object";

/** The depth of nested containers and references; far above what any answer's form needs. */
const DEPTH_MAX = 256;

/** Checks every schema in the field that sets an answer's form, in any dialect's place. */
export function refuseRecursionIn(field: unknown, param: string): void {
  if (!isObject(field)) return;
  const { json_schema: chat, schema, format } = field;
  if (isObject(chat)) refuseRecursion(chat.schema, param);
  if (schema !== undefined) refuseRecursion(schema, param);
  if (isObject(format)) refuseRecursion(format.schema, param);
}

/**
 * Refuses a JSON schema that refers to itself or goes too deep: following its references would never end. `param` is
 * the field that contains it.
 */
function refuseRecursion(schema: unknown, param: string): void {
  const state = new Map<object, "open" | "done">();
  const visit = (node: unknown, depth: number): void => {
    if (typeof node !== "object" || node === null || state.get(node) === "done") return;
    if (depth > DEPTH_MAX || state.get(node) === "open") {
      throw new PublicError("invalid_value", "The schema is recursive or nested too deep.", { param });
    }
    state.set(node, "open");
    for (const child of Object.values(node)) visit(child, depth + 1);
    if (isObject(node) && typeof node.$ref === "string") visit(targetOf(schema, node.$ref), depth + 1);
    state.set(node, "done");
  };
  visit(schema, 0);
}

/** The target of a reference inside the same schema (RFC 6901); undefined for others, which are not followed here. */
function targetOf(schema: unknown, reference: string): unknown {
  if (reference === "#") return schema;
  if (!reference.startsWith("#/")) return undefined;
  return reference
    .slice("#/".length)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((at, step) => (typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined), schema);
}
