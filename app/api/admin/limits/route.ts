import { adminDoor } from "@/lib/console/door";
import { exportLimits, importLimits } from "@/lib/console/limits-file";

export const GET = adminDoor("tiers.view", exportLimits);
export const PUT = adminDoor("tiers.edit", importLimits);
