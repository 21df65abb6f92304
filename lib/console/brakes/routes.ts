import { type Route, route } from "../api/route";
import { lift, liftInput, listBrakes, newBrake, setBrake } from "./brakes";
import { drill, drillInput } from "./drill";
import { dryRun, dryRunInput } from "./dry-run";

export const BRAKES_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/brakes",
    right: "brakes.view",
    summary: "Brakes, the newest first",
    verb: listBrakes,
  }),
  route({
    method: "post",
    path: "/brakes",
    right: "brakes.set",
    summary: "Stop, drain, cut or degrade calls of a scope",
    input: newBrake,
    status: 201,
    verb: setBrake,
  }),
  route({
    method: "post",
    path: "/brakes/dry-run",
    right: "brakes.view",
    summary: "Whom a brake would meet, from what runs and ran",
    input: dryRunInput,
    verb: dryRun,
  }),
  route({
    method: "delete",
    path: "/brakes/{id}",
    right: "brakes.lift",
    summary: "Lift a brake, at once or evenly over some time",
    input: liftInput,
    verb: lift,
  }),
  route({
    method: "post",
    path: "/brakes/drill",
    right: "brakes.set",
    summary: "Try how soon every process takes a brake up; stops nothing",
    input: drillInput,
    status: 201,
    verb: drill,
  }),
];
