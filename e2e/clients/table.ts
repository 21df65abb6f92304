/** How one thing ended: "works", "refused by name: …", or "fails: …". */
export type End = { readonly what: string; readonly end: string };

export type Row = {
  readonly client: string;
  /** null = it is not installed */
  readonly version: string | null;
  readonly same: readonly End[];
  readonly translated: readonly End[];
  readonly error: readonly End[];
  readonly limit: readonly End[];
  readonly calls: { readonly direct: number; readonly through: number };
};

export const WORKS = "works";

/** What of a row is wrong: a refusal that names the member is not. */
export function failuresOf({ same, translated, error, limit }: Row): readonly string[] {
  return [...same, ...translated, ...error, ...limit].flatMap(({ what, end }) =>
    end.startsWith("fails") ? [`${what}: ${end}`] : [],
  );
}

/** The rows as a table of Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const head = ["client", "version", "same dialect", "translated", "a provider's error", "a used-up budget"];
  const lines = rows.map(({ client, version, same, translated, error, limit, calls }) =>
    version === null
      ? [client, "–", "not run: it could not be installed here", "", "", "", ""]
      : [client, version, said(same), said(translated), said(error), said(limit), `${calls.direct}, ${calls.through}`],
  );
  const cells = [[...head, "calls upstream: directly, through"], head.map(() => "---").concat("---"), ...lines];
  return cells.map((line) => `| ${line.join(" | ").replaceAll("\n", " ")} |`).join("\n");
}

function said(ends: readonly End[]): string {
  if (ends.length === 0) return "–";
  const works = ends.filter(({ end }) => end === WORKS).map(({ what }) => what);
  const others = ends.filter(({ end }) => end !== WORKS).map(({ what, end }) => `${what}: ${end}`);
  return [...(works.length === 0 ? [] : [`works (${works.join(", ")})`]), ...others].join("; ");
}
