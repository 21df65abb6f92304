import { cronDoor } from "@/lib/gateway/exchange/bare-door";

export const dynamic = "force-dynamic";
/** For a serverless host: time limit of the jobs, in seconds. */
export const maxDuration = 300;
export const GET = cronDoor;
