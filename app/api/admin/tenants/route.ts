import { adminDoor } from "@/lib/console/door";
import { createTenant, listTenants } from "@/lib/console/tenants";

export const GET = adminDoor("tenants.view", listTenants);
export const POST = adminDoor("tenants.edit", createTenant);
