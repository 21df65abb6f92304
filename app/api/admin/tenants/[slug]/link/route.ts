import { adminDoor } from "@/lib/console/door";
import { createLink, revokeLinks } from "@/lib/console/tenant-link";

export const POST = adminDoor("tenants.edit", createLink);
export const DELETE = adminDoor("tenants.edit", revokeLinks);
