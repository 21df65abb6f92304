import { adminDoor } from "@/lib/console/door";
import { readRefusals } from "@/lib/console/usage";

export const GET = adminDoor("usage.view", readRefusals);
