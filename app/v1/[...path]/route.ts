import { nextDoor } from "@/lib/gateway/exchange/next-door";

export const dynamic = "force-dynamic";
export const GET = nextDoor;
export const POST = nextDoor;
export const PUT = nextDoor;
export const PATCH = nextDoor;
export const DELETE = nextDoor;
export const OPTIONS = nextDoor;
