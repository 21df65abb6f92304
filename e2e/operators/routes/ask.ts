import type { Operation } from "../../fixtures/admin-client";

/** One operation of the admin API, as its OpenAPI document describes it. */
export type Described = { readonly method: string; readonly path: string; readonly operation: Operation };

/** What stands in the braces of a path and in its query. */
export type Values = Readonly<Record<string, string>>;

/** The address of an operation with values for its path; each is put there as it is, percent signs included. */
export function addressOf({ path }: Described, values: Values, query: Values = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? "none");
  const search = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return search.length === 0 ? filled : `${filled}?${search.join("&")}`;
}

export function pathNames({ operation }: Described): readonly string[] {
  return operation.parameters.flatMap((one) => (one.in === "path" ? one.name : []));
}

export function queryNames({ operation }: Described): readonly string[] {
  return operation.parameters.flatMap((one) => (one.in === "query" ? one.name : []));
}

/** Names of the members that the body may have; null when the operation takes none. */
export function bodyNames({ operation }: Described): readonly string[] | null {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (schema === undefined) return null;
  return Object.keys(Object(Reflect.get(schema, "properties")));
}
