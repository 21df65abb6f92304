import { adminDoor } from "@/lib/console/api/door";

export const dynamic = "force-dynamic";
export const GET = adminDoor;
export const POST = adminDoor;
export const PUT = adminDoor;
export const PATCH = adminDoor;
export const DELETE = adminDoor;
export const OPTIONS = adminDoor;
