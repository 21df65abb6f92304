import { lift } from "@/lib/console/brakes/brakes";
import { adminDoor } from "@/lib/console/kernel/door";

export const DELETE = adminDoor("brakes.lift", lift);
