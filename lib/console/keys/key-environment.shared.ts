/** The environment of a key's calls, most critical first. */
export const KEY_ENVIRONMENTS = ["production", "staging", "development"] as const;
export type KeyEnvironment = (typeof KEY_ENVIRONMENTS)[number];

/** The environment in the key's text, so a code scanner recognises production keys. */
export function keyPrefix(environment: string): "live" | "test" {
  return environment === "production" ? "live" : "test";
}

type Key = { readonly environment: string; readonly status: string; readonly family: string };

/** With fewer usable keys, revoking one causes an outage until its successor is deployed. */
export const LIVE_KEYS_MIN = 2;

/**
 * Environments of a tenant in which fewer than two keys are usable, of those that have or had any. Keys of one rotation
 * count as one: they end together.
 */
export function sparseEnvironments(keys: readonly Key[]): { environment: string; usable: number }[] {
  return KEY_ENVIRONMENTS.flatMap((environment) => {
    const all = keys.filter((key) => key.environment === environment);
    const usable = new Set(all.filter(({ status }) => status === "active").map(({ family }) => family)).size;
    return all.length > 0 && usable < LIVE_KEYS_MIN ? [{ environment, usable }] : [];
  });
}
