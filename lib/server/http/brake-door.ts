import type { IncomingMessage } from "node:http";
import { adminDoor } from "@/lib/console/api/door";
import { BRAKES_ROUTES } from "@/lib/console/brakes/routes";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import type { BrakeRequest } from "../emergency/emergency-door";

/** The part of the admin API that works without a console: set, list and lift brakes. */
const ROUTES = BRAKES_ROUTES.filter(({ path }) => path === "/brakes" || path === "/brakes/{id}");

/** Answers a request for brakes with the operators' verbs. */
export type BrakeDoor = (request: BrakeRequest, headers: IncomingMessage["headers"]) => Promise<Response>;

/** Brakes at a process that serves only calls, for when the console is gone. Same verbs, audit rows and versions. */
export const brakeDoor: BrakeDoor = ({ method, path, address, body }, { authorization, "content-type": type }) => {
  const headers = { authorization: authorization ?? "", "content-type": type ?? "", [ADDRESS_HEADER]: address };
  const sent = method === "GET" || method === "HEAD" || body.byteLength === 0 ? {} : { body: new Uint8Array(body) };
  return adminDoor(new Request(new URL(path, "http://localhost"), { method, headers, ...sent }), ROUTES);
};
