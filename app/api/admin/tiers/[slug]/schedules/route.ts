import { adminDoor } from "@/lib/console/kernel/door";
import { scheduleTier } from "@/lib/console/tiers/tier-versions";

export const POST = adminDoor("tiers.edit", scheduleTier);
