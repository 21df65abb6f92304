import { z } from "zod";
import { findProvider, setService } from "@/db/queries/catalog/catalog";
import { allPlaces } from "@/db/queries/fleet/upstream-places";
import { PublicError } from "@/lib/errors";
import { figuresOf, roomLimit } from "@/lib/policy/provider-room";
import type { Model, Provider } from "@/lib/providers/catalog";
import { doorOf, type Trouble, troubleShape } from "@/lib/providers/trouble/trouble";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { parsed } from "../kernel/input";
import type { PlaceView, RoomView } from "./answers";

export const upstreamInput = z.strictObject({
  inService: z.boolean(),
  reason: z.string().trim().min(1).max(500),
});

/** GET /api/admin/upstream: what all processes know of each provider, and when it is tried again. */
export async function listUpstream({ context }: AdminRequest) {
  const now = context.clock.now();
  const rows = await allPlaces(context.db);
  const places = new Map(
    rows.flatMap((row): [string, Trouble][] => {
      const read = troubleShape.safeParse(row.state);
      return read.success ? [[row.id, read.data]] : [];
    }),
  );
  const models = [...context.policy.snapshot.models.values()];
  const reasons = new Map<string, string | null>();
  const providers = [...new Map(models.map(({ provider }) => [provider.id, provider])).values()];
  for (const { slug } of providers.filter((one) => one.isTakenOut))
    reasons.set(slug, (await findProvider(context.db, slug))?.takenOutReason ?? "");
  const rooms = await roomsOf(context, models, places);
  const view = (provider: Provider, id: string) => placeView(provider, places.get(id), now);
  return {
    body: {
      providers: providers.map((provider) => ({
        slug: provider.slug,
        name: provider.slug,
        takenOutReason: reasons.get(provider.slug) ?? null,
        state: view(provider, provider.id),
        models: models
          .filter((model: Model) => model.provider.id === provider.id)
          .map((model) => ({
            ...{ slug: model.slug, fallbacks: model.fallbacks },
            state: view(provider, `${provider.id}/${model.upstreamName}`),
            rooms: rooms.get(model.slug) ?? [],
          })),
      })),
    },
  };
}

/** How full each known room is, by the counters that decide. */
async function roomsOf(
  { admission, clock }: AdminRequest["context"],
  models: readonly Model[],
  places: ReadonlyMap<string, Trouble>,
): Promise<ReadonlyMap<string, readonly RoomView[]>> {
  const all = models.flatMap((model) => {
    const { provider, upstreamName } = model;
    const trouble = places.get(`${provider.id}/${upstreamName}`);
    const source = { credentialId: provider.id, upstreamName, provider, trouble };
    return figuresOf(source, clock.now()).map((figure) => ({
      model,
      figure,
      limit: roomLimit(source, figure, "interactive"),
    }));
  });
  if (all.length === 0) return new Map();
  const { states } = await admission.peek(all.map(({ limit }) => limit));
  const rooms = new Map<string, RoomView[]>();
  for (const [index, { model, figure }] of all.entries()) {
    const { dimension, known, capacity, windowMs, heardAtMs } = figure;
    const heardAt = heardAtMs === null ? null : new Date(heardAtMs).toISOString();
    const room = {
      dimension,
      known,
      capacity,
      used: states[index]?.used ?? 0,
      windowSeconds: windowMs / 1000,
      heardAt,
    };
    rooms.set(model.slug, [...(rooms.get(model.slug) ?? []), room]);
  }
  return rooms;
}

function placeView(provider: Provider, trouble: Trouble | undefined, now: number): PlaceView {
  const nothing = { why: null, detail: null, since: null, nextProbeAt: null };
  const limitedInARow = trouble?.limitedInARow ?? 0;
  if (provider.isTakenOut) return { ...nothing, state: "taken_out", why: "taken_out", limitedInARow };
  const door = doorOf(trouble, now, provider.reopenedAtMs);
  if (trouble === undefined || door.kind === "open") return { ...nothing, state: "open", limitedInARow: 0 };
  const opensAtMs = door.kind === "closed" ? (door.opensAtMs ?? now) : now;
  return {
    state: now < trouble.closedUntilMs ? "cooling" : "probing",
    ...{ why: trouble.kind, detail: trouble.detail, limitedInARow },
    since: new Date(trouble.closedAtMs).toISOString(),
    nextProbeAt: new Date(opensAtMs).toISOString(),
  };
}

/** PUT /api/admin/upstream/{slug}: for the next call. Putting it back ends its cool-downs as well. */
export async function putUpstream({ context, actor, params, input }: AdminRequest<typeof upstreamInput>) {
  const name = parsed(z.string().min(1).max(128), params.slug);
  const { inService, reason } = input;
  await change(context, actor, async (tx) => {
    const found = await findProvider(tx, name);
    if (found === null) throw new PublicError("not_found", `There is no provider "${name}".`);
    const at = new Date(context.clock.now());
    await setService(tx, name, { takenOutReason: inService ? null : reason, at });
    const before = { inService: found.takenOutReason === null };
    const action = inService ? "providers.put_back" : "providers.take_out";
    return { result: null, change: { action, target: name, before, after: { inService }, reason } };
  });
  return { body: { slug: name, inService } };
}
