import { adminDoor } from "@/lib/console/kernel/door";
import { withdrawSchedule } from "@/lib/console/tiers/tier-versions";

export const DELETE = adminDoor("tiers.edit", withdrawSchedule);
