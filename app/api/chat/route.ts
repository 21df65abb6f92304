import { after } from "next/server";
import { nextDoor } from "@/lib/gateway/exchange/next-door";

const answer = (request: Request) => nextDoor(request, after);

export const dynamic = "force-dynamic";
/** For a serverless host: time limit of a call, in seconds. */
export const maxDuration = 300;
export const GET = answer;
export const POST = answer;
export const PUT = answer;
export const PATCH = answer;
export const DELETE = answer;
export const OPTIONS = answer;
