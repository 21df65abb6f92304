import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { within } from "@/lib/within";
import type { Door } from "../door";
import type { BrakeRequest, EmergencyDoor } from "../emergency/emergency-door";
import type { BrakeDoor } from "./brake-door";
import { refuseEarly } from "./early-answers";
import { smallBody } from "./small-body";
import { endIfLate, type ForNext, turnedAway } from "./to-next";

/** A brake consists of a few names and a reason. */
const BODY_BYTES_MAX = 16 * 1024;
/** Longer than a reachable database takes, and longer than it takes to detect an unreachable one. */
const VERBS_MS = 3000;

/**
 * Answers a request for brakes without the console: with its verbs at a process that serves only calls, and without
 * database and console when one of them is gone. False = not for this handler, and nothing was answered. Sessions are
 * not accepted here; without the operator token there is no answer.
 */
export async function serveBrakes(asked: ForNext, door: Door): Promise<boolean> {
  const { request, response, path, address } = asked;
  const { brakes: verbs, emergency } = door;
  const by = emergency?.operatorOf(request.headers.authorization) ?? null;
  if (emergency === null || by === null) return false;
  const isEmergency = await emergency.isNeeded();
  if (!isEmergency && verbs === null) return false;
  const refused = await turnedAway(asked, door);
  if (refused !== null) {
    refuseEarly(response, refused);
    return true;
  }
  endIfLate(request, response);
  const body = await smallBody(request, BODY_BYTES_MAX);
  if (body === null) {
    refuseEarly(response, { status: 413, code: "body_too_large", message: "The request body is too large." });
    return true;
  }
  const { method = "GET" } = request;
  const brakeRequest: BrakeRequest = { method, path, address, body, by };
  const byVerbs = isEmergency || verbs === null ? null : await inTime(brakeRequest, { verbs, request, emergency });
  // The database may be gone for less time than detection takes. The brake must still hold.
  const isServed = byVerbs !== null && byVerbs.status < 500;
  await sendAnswer(response, isServed ? byVerbs : await emergency.answer(brakeRequest));
  return true;
}

type Ways = {
  readonly verbs: BrakeDoor;
  readonly request: IncomingMessage;
  readonly emergency: EmergencyDoor;
};

/** Null: it takes long, and the database is gone by now. If it still takes effect later, that is undone. */
async function inTime(asked: BrakeRequest, { verbs, request, emergency }: Ways): Promise<Response | null> {
  const answer = verbs(asked, request.headers);
  const early = await within(VERBS_MS, answer).catch(() => null);
  if (early !== null || !(await emergency.isNeeded())) return early ?? answer;
  const { headers } = request;
  void answer.then(async (late) => {
    if (asked.method !== "POST" || late.status !== 201) return;
    const { id } = made.parse(await late.json());
    const body = Buffer.from(JSON.stringify({ reason: "set a second time while the database did not answer" }));
    await verbs({ ...asked, method: "DELETE", path: `${asked.path}/${id}`, body }, headers);
  });
  return null;
}

const made = z.object({ id: z.string() });

/** Sends the answer of a door. */
async function sendAnswer(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
}
