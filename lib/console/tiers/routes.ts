import { type Route, route } from "../api/route";
import { noQuery, reasonOnly } from "../kernel/input";
import { TIERS_ANSWERS } from "./answers";
import { observedOfTier } from "./observed-limits";
import { removeTier } from "./remove-tier";
import { replayInput, replayTier } from "./replay-tier";
import { listVersions, scheduleInput, scheduleTier, withdrawSchedule } from "./tier-versions";
import { createTier, getTier, listTiers, newTier, putTier, tierInput } from "./tiers";

export const TIERS_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/tiers",
    right: "tiers.view",
    summary: "List tiers with their limits",
    input: noQuery,
    output: TIERS_ANSWERS.listTiers,
    verb: listTiers,
  }),
  route({
    method: "post",
    path: "/tiers",
    right: "tiers.edit",
    summary: "Create a tier",
    input: newTier,
    status: 201,
    output: TIERS_ANSWERS.createTier,
    verb: createTier,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}",
    right: "tiers.view",
    summary: "Show a tier",
    input: noQuery,
    output: TIERS_ANSWERS.getTier,
    verb: getTier,
  }),
  route({
    method: "put",
    path: "/tiers/{slug}",
    right: "tiers.edit",
    summary: "Publish a tier's limits and ladder; 409 if it changed since you read it",
    input: tierInput,
    output: TIERS_ANSWERS.putTier,
    verb: putTier,
  }),
  route({
    method: "delete",
    path: "/tiers/{slug}",
    right: "tiers.edit",
    summary: "Remove a tier that no tenant is on",
    input: reasonOnly,
    output: TIERS_ANSWERS.removeTier,
    verb: removeTier,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}/observed",
    right: "tiers.view",
    summary: "Show which calls observed limits would have refused in the last day",
    input: noQuery,
    output: TIERS_ANSWERS.observedOfTier,
    verb: observedOfTier,
  }),
  route({
    method: "get",
    path: "/tiers/{slug}/versions",
    right: "tiers.view",
    summary: "List published versions with predicted and actual refusals, and pending schedules",
    input: noQuery,
    output: TIERS_ANSWERS.listVersions,
    verb: listVersions,
  }),
  route({
    method: "post",
    path: "/tiers/{slug}/schedules",
    right: "tiers.edit",
    summary: "Schedule a draft",
    input: scheduleInput,
    status: 201,
    output: TIERS_ANSWERS.scheduleTier,
    verb: scheduleTier,
  }),
  route({
    method: "delete",
    path: "/tiers/{slug}/schedules/{id}",
    right: "tiers.edit",
    summary: "Cancel a scheduled draft",
    input: reasonOnly,
    output: TIERS_ANSWERS.withdrawSchedule,
    verb: withdrawSchedule,
  }),
  route({
    method: "post",
    path: "/tiers/{slug}/replay",
    right: "tiers.replay",
    summary: "Replay recent calls under other limits",
    input: replayInput,
    output: TIERS_ANSWERS.replayTier,
    verb: replayTier,
  }),
];
