import { expect, test } from "vitest";
import type { WhenNew } from "@/lib/admission/admission";
import { makeLog } from "@/lib/log";
import { publisher } from "./publish-policy";

/** A store that asks to be filled before it admits calls of a tenant that it does not know. */
function world() {
  const flags = new Set<string>();
  const fills: number[] = [];
  const snapshot = (version: number, ...ids: string[]) => ({ version, tenants: new Map(ids.map((id) => [id, null])) });
  const publish = publisher<ReturnType<typeof snapshot>>({
    log: makeLog("silent"),
    policy: { refresh: () => Promise.reject(new Error("no newer policy")) },
    older: { overtake: async () => false },
    store: {
      needsFilling: () => false,
      filled: () => undefined,
      admission: {
        async publish(version: number, ids: readonly string[], whenNew?: WhenNew) {
          const unknown = ids.filter((id) => !flags.has(id));
          if (unknown.length > 0) await whenNew?.(unknown);
          for (const id of ids) flags.add(id);
          return version;
        },
      },
    },
    refill: {
      get count() {
        return fills.length;
      },
      async fill({ version }) {
        fills.push(version);
        return version;
      },
    },
  });
  return { flags, fills, publish, snapshot };
}

test("a new tenant is made known without filling the store: others' counters keep what they have", async () => {
  const { flags, fills, publish, snapshot } = world();
  await publish(snapshot(1, "ann", "bob"));
  expect(fills).toEqual([1]);
  await publish(snapshot(2, "ann", "bob", "new"));
  await publish(snapshot(3, "ann", "bob", "new"));
  expect([fills, [...flags]]).toEqual([[1], ["ann", "bob", "new"]]);
});

test("a store that was emptied is filled, also while a tenant is new", async () => {
  const { flags, fills, publish, snapshot } = world();
  await publish(snapshot(1, "ann"));
  flags.clear();
  await publish(snapshot(2, "ann", "new"));
  expect(fills).toEqual([1, 2]);
  flags.clear();
  await publish(snapshot(3, "ann", "new"));
  expect(fills).toEqual([1, 2, 3]);
});
