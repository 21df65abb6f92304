import { listBrakes, setBrake } from "@/lib/console/brakes";
import { adminDoor } from "@/lib/console/door";

export const GET = adminDoor("brakes.view", listBrakes);
export const POST = adminDoor("brakes.set", setBrake);
