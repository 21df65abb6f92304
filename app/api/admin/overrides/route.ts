import { adminDoor } from "@/lib/console/door";
import { createOverride, listOverrides } from "@/lib/console/overrides";

export const GET = adminDoor("tiers.view", listOverrides);
export const POST = adminDoor("tiers.edit", createOverride);
