import { authDoor } from "@/lib/console/access/auth-door";
import { ADDRESS_HEADER } from "@/lib/console/kernel/address-header";
import { behindDoor } from "@/lib/gateway/exchange/bare-door";

const answer = behindDoor(ADDRESS_HEADER, authDoor);

export const GET = answer;
export const POST = answer;
export const PUT = answer;
export const PATCH = answer;
export const DELETE = answer;
