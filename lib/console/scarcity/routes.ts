import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { SCARCITY_ANSWERS } from "./answers";
import { putScarcity, readScarcity, replayScarcity, scarcityInput, scarcityReplayInput } from "./scarcity";

export const SCARCITY_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/scarcity",
    right: "overview.view",
    summary: "Show waiting calls, shed calls with the reason, and the constants in force",
    input: noQuery,
    output: SCARCITY_ANSWERS.readScarcity,
    verb: readScarcity,
  }),
  route({
    method: "put",
    path: "/scarcity",
    right: "tiers.edit",
    summary: "Change the constants of the queue and of shedding",
    input: scarcityInput,
    output: SCARCITY_ANSWERS.putScarcity,
    verb: putScarcity,
  }),
  route({
    method: "post",
    path: "/scarcity/replay",
    right: "tiers.replay",
    summary: "Replay the last day's calls through the queue, with the current and the drafted constants",
    input: scarcityReplayInput,
    output: SCARCITY_ANSWERS.replayScarcity,
    verb: replayScarcity,
  }),
];
