import { adminDoor } from "@/lib/console/door";
import { effectiveLimits } from "@/lib/console/effective";

export const GET = adminDoor("tiers.view", effectiveLimits);
