import { type Route, reasonOnly, route } from "../api/route";
import { observedOfTier } from "./observed";
import { replayInput, replayTier } from "./replay";
import { listVersions, scheduleInput, scheduleTier, withdrawSchedule } from "./tier-versions";
import { getTier, listTiers, putTier, tierInput } from "./tiers";

export const TIERS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/tiers",
    right: "tiers.view",
    summary: "All tiers with their limits",
    verb: listTiers,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}",
    right: "tiers.view",
    summary: "One tier",
    verb: getTier,
  }),
  route({
    method: "put",
    path: "/tiers/{slug}",
    right: "tiers.edit",
    summary: "Publish a tier's limits and ladder; 409 when it has changed since it was read",
    input: tierInput,
    verb: putTier,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}/observed",
    right: "tiers.view",
    summary: "What the limits that only observe would have refused in a day",
    verb: observedOfTier,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}/versions",
    right: "tiers.view",
    summary: "What was published, what was foretold of it and what came; what waits",
    verb: listVersions,
  }),
  route({
    method: "post",
    path: "/tiers/{slug}/schedules",
    right: "tiers.edit",
    summary: "Publish a draft at a time to come",
    input: scheduleInput,
    status: 201,
    verb: scheduleTier,
  }),
  route({
    method: "delete",
    path: "/tiers/{slug}/schedules/{id}",
    right: "tiers.edit",
    summary: "Withdraw a draft that waits",
    input: reasonOnly,
    verb: withdrawSchedule,
  }),
  route({
    method: "post",
    path: "/tiers/{slug}/replay",
    right: "tiers.replay",
    summary: "What other limits would have done to the last hours' calls",
    input: replayInput,
    verb: replayTier,
  }),
];
