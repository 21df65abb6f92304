import { adminDoor } from "@/lib/console/kernel/door";
import { effectiveLimits } from "@/lib/console/limits/effective";

export const GET = adminDoor("tiers.view", effectiveLimits);
