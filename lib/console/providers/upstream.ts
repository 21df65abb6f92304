import { z } from "zod";
import { findProvider, setCredentials, setService } from "@/db/queries/catalog/catalog";
import { allPlaces } from "@/db/queries/fleet/upstream-places";
import { PublicError } from "@/lib/errors";
import { figuresOf, roomLimit } from "@/lib/policy/provider-room";
import { credentialId, credentialsOf } from "@/lib/policy/rows/credential-row";
import type { Model, Provider } from "@/lib/providers/catalog";
import { doorOf, type Trouble, troubleShape } from "@/lib/providers/trouble/trouble";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { parsed } from "../kernel/input";
import type { PlaceView, RoomView } from "./answers";
import { shownCredentials } from "./credentials";

export const upstreamInput = z.strictObject({
  inService: z.boolean(),
  reason: z.string().trim().min(1).max(500),
  /** One of its further credentials. Absent: the whole provider. */
  credential: z.string().max(64).optional(),
});

/** GET /api/admin/upstream: the shared state of each provider and credential, and when it is tried again. */
export async function listUpstream({ context }: AdminRequest) {
  const rows = await allPlaces(context.db);
  const places = new Map(
    rows.flatMap((row): [string, Trouble][] => {
      const read = troubleShape.safeParse(row.state);
      return read.success ? [[row.id, read.data]] : [];
    }),
  );
  const models = [...context.policy.snapshot.models.values()];
  const providers = [...new Map(models.map(({ provider }) => [provider.id, provider])).values()];
  const known = { places, rooms: await roomsOf(context, models, places), now: context.clock.now() };
  const views = [];
  for (const provider of providers) {
    const own = models.filter((model) => model.provider.id === provider.id);
    const found =
      provider.ways.length > 0 || provider.isTakenOut ? await findProvider(context.db, provider.slug) : null;
    const credentials = shownCredentials(found?.credentials).flatMap(({ name, weight, takenOutReason }) => {
      const id = credentialId(provider.id, name);
      const way = provider.ways.find((one) => one.provider.credentialId === id)?.provider;
      return way === undefined ? [] : { name, weight, takenOutReason, ...viewOf(known, way, own) };
    });
    views.push({
      slug: provider.slug,
      name: provider.slug,
      takenOutReason: found?.takenOutReason ?? null,
      ...viewOf(known, provider, own),
      credentials,
    });
  }
  return { body: { providers: views } };
}

type Known = {
  readonly places: ReadonlyMap<string, Trouble>;
  readonly rooms: ReadonlyMap<string, readonly RoomView[]>;
  readonly now: number;
};

/** The state of one credential of a provider, with its models. */
function viewOf({ places, rooms, now }: Known, provider: Provider, models: readonly Model[]) {
  const { credentialId: id } = provider;
  return {
    state: placeView(provider, places.get(id), now),
    models: models.map(({ slug, fallbacks, upstreamName }) => ({
      slug,
      fallbacks,
      state: placeView(provider, places.get(`${id}/${upstreamName}`), now),
      rooms: rooms.get(`${id}/${slug}`) ?? [],
    })),
  };
}

/** How full each known room is, from the counters that decide; by credential and model. */
async function roomsOf(
  { admission, clock }: AdminRequest["context"],
  models: readonly Model[],
  places: ReadonlyMap<string, Trouble>,
): Promise<ReadonlyMap<string, readonly RoomView[]>> {
  const all = models.flatMap(({ slug, upstreamName, provider: own }) => {
    const ways = own.ways.map(({ provider }) => provider);
    return (ways.length === 0 ? [own] : ways).flatMap((provider) => {
      const { credentialId: id } = provider;
      const source = { credentialId: id, upstreamName, provider, trouble: places.get(`${id}/${upstreamName}`) };
      return figuresOf(source, clock.now()).map((figure) => ({
        id: `${id}/${slug}`,
        figure,
        limit: roomLimit(source, figure, "interactive"),
      }));
    });
  });
  if (all.length === 0) return new Map();
  const { states } = await admission.peek(all.map(({ limit }) => limit));
  const rooms = new Map<string, RoomView[]>();
  for (const [index, { id, figure }] of all.entries()) {
    const { dimension, known, capacity, windowMs, heardAtMs } = figure;
    const heardAt = heardAtMs === null ? null : new Date(heardAtMs).toISOString();
    const used = states[index]?.used ?? 0;
    const room = { dimension, known, capacity, used, windowSeconds: windowMs / 1000, heardAt };
    rooms.set(id, [...(rooms.get(id) ?? []), room]);
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
    why: trouble.kind,
    detail: trouble.detail,
    limitedInARow,
    since: new Date(trouble.closedAtMs).toISOString(),
    nextProbeAt: new Date(opensAtMs).toISOString(),
  };
}

/** PUT /api/admin/upstream/{slug}: from the next call on. Putting it back also ends its cool-downs. */
export async function putUpstream({ context, actor, params, input }: AdminRequest<typeof upstreamInput>) {
  const name = parsed(z.string().min(1).max(128), params.slug);
  const { inService, reason, credential } = input;
  await change(context, actor, async (tx) => {
    const found = await findProvider(tx, name);
    if (found === null) throw new PublicError("not_found", `There is no provider "${name}".`);
    const at = new Date(context.clock.now());
    const takenOutReason = inService ? null : reason;
    let before = found.takenOutReason === null;
    if (credential === undefined) await setService(tx, name, { takenOutReason, at });
    else {
      const all = credentialsOf(found.credentials);
      const one = all.find((row) => row.name === credential);
      if (one === undefined) throw new PublicError("not_found", `"${name}" has no credential "${credential}".`);
      before = one.takenOutReason === null;
      const changed = { ...one, takenOutReason, ...(inService ? { reopenedAtMs: at.getTime() } : {}) };
      await setCredentials(
        tx,
        name,
        all.map((row) => (row === one ? changed : row)),
      );
    }
    const target = credential === undefined ? name : `${name}, credential ${credential}`;
    const action = inService ? "providers.put_back" : "providers.take_out";
    const sides = { before: { inService: before }, after: { inService } };
    return { result: null, change: { action, target, ...sides, reason } };
  });
  return { body: { slug: name, inService, ...(credential === undefined ? {} : { credential }) } };
}
