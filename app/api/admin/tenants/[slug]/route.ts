import { adminDoor } from "@/lib/console/door";
import { editTenant, getTenant } from "@/lib/console/tenants";

export const GET = adminDoor("tenants.view", getTenant);
export const PATCH = adminDoor("tenants.edit", editTenant);
