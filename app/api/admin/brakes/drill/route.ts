import { drill } from "@/lib/console/brakes/drill";
import { adminDoor } from "@/lib/console/kernel/door";

export const POST = adminDoor("brakes.set", drill);
