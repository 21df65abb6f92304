import { type Route, route } from "../api/route";
import { noQuery } from "../kernel/input";
import { FILTERED } from "../scope/scoped";
import { BRAKES_ANSWERS } from "./answers";
import { liftInput, newBrake } from "./brake-input";
import { lift, listBrakes, setBrake } from "./brakes";
import { drill, drillInput } from "./drill";
import { dryRun, dryRunInput } from "./dry-run";

export const BRAKES_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/brakes",
    right: "brakes.view",
    scoped: FILTERED,
    summary: "List brakes, newest first",
    input: noQuery,
    output: BRAKES_ANSWERS.listBrakes,
    verb: listBrakes,
  }),
  route({
    method: "post",
    path: "/brakes",
    right: "brakes.set",
    scoped: FILTERED,
    summary: "Set a brake: block, drain, cut, degrade or observe the calls of a scope",
    input: newBrake,
    status: 201,
    output: BRAKES_ANSWERS.setBrake,
    verb: setBrake,
  }),
  route({
    method: "post",
    path: "/brakes/dry-run",
    right: "brakes.view",
    scoped: FILTERED,
    summary: "Preview which running and recent calls a brake would match",
    input: dryRunInput,
    output: BRAKES_ANSWERS.dryRun,
    verb: dryRun,
  }),
  route({
    method: "delete",
    path: "/brakes/{id}",
    right: "brakes.lift",
    scoped: FILTERED,
    summary: "Lift a brake, at once or gradually",
    input: liftInput,
    output: BRAKES_ANSWERS.lift,
    verb: lift,
  }),
  route({
    method: "post",
    path: "/brakes/drill",
    right: "brakes.set",
    summary: "Measure how fast every process enforces a brake; stops no calls",
    input: drillInput,
    status: 201,
    output: BRAKES_ANSWERS.drill,
    verb: drill,
  }),
];
