import { authDoor } from "@/lib/console/access/auth-door";

export const GET = authDoor;
export const POST = authDoor;
export const PUT = authDoor;
export const PATCH = authDoor;
export const DELETE = authDoor;
