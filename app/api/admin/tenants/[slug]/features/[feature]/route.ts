import { adminDoor } from "@/lib/console/door";
import { putFeature } from "@/lib/console/features";

export const PUT = adminDoor("tiers.edit", putFeature);
