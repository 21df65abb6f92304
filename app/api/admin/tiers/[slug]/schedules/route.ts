import { adminDoor } from "@/lib/console/door";
import { scheduleTier } from "@/lib/console/tier-versions";

export const POST = adminDoor("tiers.edit", scheduleTier);
