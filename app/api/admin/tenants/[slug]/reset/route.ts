import { adminDoor } from "@/lib/console/door";
import { resetCounter } from "@/lib/console/reset";

export const POST = adminDoor("counters.reset", resetCounter);
