import { adminDoor } from "@/lib/console/kernel/door";
import { exportLimits, importLimits } from "@/lib/console/limits/limits-file";

export const GET = adminDoor("tiers.view", exportLimits);
export const PUT = adminDoor("tiers.edit", importLimits);
