import { adminDoor } from "@/lib/console/kernel/door";
import { resetCounter } from "@/lib/console/tenants/reset";

export const POST = adminDoor("counters.reset", resetCounter);
