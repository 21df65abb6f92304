import { adminDoor } from "@/lib/console/api/door";
import { ADMIN_ROUTES } from "@/lib/console/api/table";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import { behindDoor } from "@/lib/gateway/exchange/bare-door";

const answer = behindDoor(ADDRESS_HEADER, (request) => adminDoor(request, ADMIN_ROUTES));

export const dynamic = "force-dynamic";
export const GET = answer;
export const POST = answer;
export const PUT = answer;
export const PATCH = answer;
export const DELETE = answer;
export const OPTIONS = answer;
