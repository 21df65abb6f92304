import { listBrakes, setBrake } from "@/lib/console/brakes/brakes";
import { adminDoor } from "@/lib/console/kernel/door";

export const GET = adminDoor("brakes.view", listBrakes);
export const POST = adminDoor("brakes.set", setBrake);
