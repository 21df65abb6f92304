import type { ProviderView } from "../../_ui/data/catalog";

/** A further credential of a provider, in the form. */
export type FilledCredential = {
  /** identifies the row during editing */
  readonly row: string;
  readonly name: string;
  /** a stored one keeps its name, because its cool-downs and counters use it */
  readonly isNew: boolean;
  /** its share of the calls; null = left empty */
  readonly weight: number | null;
  /** `kept`: the stored secret stays */
  readonly from: "kept" | "stored" | "variable";
  readonly credential: string;
  readonly variable: string;
  /** last characters of the stored secret; null = none stored */
  readonly last4: string | null;
};

/** The server's maximum. */
export const FURTHER_MAX = 15;

export function furtherOf({ credentials }: Pick<ProviderView, "credentials">): readonly FilledCredential[] {
  return credentials.map(({ name, weight, credentialEnv, credentialLast4 }) => ({
    row: name,
    name,
    isNew: false,
    weight,
    from: credentialEnv === null ? "kept" : "variable",
    credential: "",
    variable: credentialEnv ?? "",
    last4: credentialLast4,
  }));
}

/** Adds one, with the first free name: second, third, then by number. */
export function withOneMore(further: readonly FilledCredential[]): readonly FilledCredential[] {
  const taken = new Set(further.flatMap(({ row, name }) => [row, name]));
  const numbered = Array.from({ length: FURTHER_MAX + 1 }, (_, index) => `credential-${index + 2}`);
  const name = ["second", "third", ...numbered].find((one) => !taken.has(one)) ?? "";
  const secret = { from: "stored", credential: "", variable: "", last4: null } as const;
  return [...further, { row: name, name, isNew: true, weight: 1, ...secret }];
}

export function withRow(
  further: readonly FilledCredential[],
  row: string,
  change: Partial<FilledCredential>,
): readonly FilledCredential[] {
  return further.map((one) => (one.row === row ? { ...one, ...change } : one));
}

/** The member `credentials` of the body. A kept secret is not sent, because it cannot be read. */
export function furtherBody(further: readonly FilledCredential[]): readonly Record<string, unknown>[] {
  return further.map(({ name, weight, from, credential, variable }) => {
    const own = { name: name.trim(), weight: weight ?? 1, credentialEnv: from === "variable" ? variable.trim() : null };
    return from === "stored" ? { ...own, credential: credential.trim() } : own;
  });
}
