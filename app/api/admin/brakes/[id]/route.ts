import { lift } from "@/lib/console/brakes";
import { adminDoor } from "@/lib/console/door";

export const DELETE = adminDoor("brakes.lift", lift);
