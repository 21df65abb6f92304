import { cronDoor } from "@/lib/gateway/exchange/bare-door";

export const dynamic = "force-dynamic";
/** Of a serverless host: how long the jobs may go on, in seconds. */
export const maxDuration = 300;
export const GET = cronDoor;
