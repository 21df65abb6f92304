import type { Route } from "./route";

export type Found = {
  /** the routes of this path, one per method; empty = unknown path */
  readonly routes: readonly Route[];
  readonly params: Readonly<Record<string, string>>;
};

/**
 * The routes of a path below /api/admin. A literal segment wins over a parameter, so /staff/break-glass is not an
 * operator id.
 */
export function findRoutes(table: readonly Route[], path: string): Found {
  const segments = path.split("/").filter((segment) => segment !== "");
  const matches = table.flatMap((route) => {
    const params = paramsOf(route.path.slice(1).split("/"), segments);
    return params === null ? [] : [{ route, params }];
  });
  const fewest = Math.min(...matches.map(({ params }) => Object.keys(params).length));
  const best = matches.filter(({ params }) => Object.keys(params).length === fewest);
  return { routes: best.map(({ route }) => route), params: best[0]?.params ?? {} };
}

/** The decoded parameters of a path that matches a pattern; null = no match. */
function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  const takesRest = pattern.at(-1)?.startsWith("{+") === true;
  if (takesRest ? segments.length < pattern.length : segments.length !== pattern.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const isLast = index === pattern.length - 1;
    const segment = isLast ? segments.slice(index).join("/") : (segments[index] ?? "");
    const name = /^\{\+?(\w+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== segment) return null;
    const value = name === undefined ? null : decoded(segment);
    if (name !== undefined && value === null) return null;
    if (name !== undefined && value !== null) params[name] = value;
  }
  return params;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
