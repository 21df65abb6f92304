import { authDoor } from "@/lib/console/auth-door";

export const GET = authDoor;
export const POST = authDoor;
