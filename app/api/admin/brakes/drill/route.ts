import { adminDoor } from "@/lib/console/door";
import { drill } from "@/lib/console/drill";

export const POST = adminDoor("brakes.set", drill);
