import { adminDoor } from "@/lib/console/kernel/door";
import { readRefusals } from "@/lib/console/money/usage";

export const GET = adminDoor("usage.view", readRefusals);
