import { BootFault } from "@/lib/errors";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";

/** Reply: whether Lua has `struct` and `cjson`, and whether it may ask for the time. */
const PROBE = makeScript(`
local packs = pcall(function() return struct.pack('<d', cjson.decode('[1]')[1]) end)
local tells = pcall(function() return redis.call('TIME') end)
return (packs and 'packs' or '-') .. ',' .. (tells and 'tells' or '-')
`);

/** Reply: the server's time, epoch ms. */
const TELL = makeScript(`
local t = redis.call('TIME')
return string.format('%d', t[1] * 1000 + math.floor(t[2] / 1000))
`);

/** The time that the store's scripts use, epoch ms. */
export async function storeTime(redis: Pick<RedisClient, "aside">): Promise<number> {
  return Number(await redis.aside(TELL, [], [], "time"));
}

/**
 * Checks once, at the start, what some hosted stores cannot do. Without packed numbers nothing works, so that is a
 * fault. Where scripts may not call TIME, the caller's clock is used.
 */
export async function probeStore(redis: Pick<RedisClient, "run">): Promise<{ tellsTime: boolean }> {
  const reply = await redis.run(PROBE, [], [], "probe");
  if (!reply.startsWith("packs")) {
    throw new BootFault(
      "the store's Lua lacks the `struct` or the `cjson` library, which numbers are packed and read with; use another Redis",
    );
  }
  return { tellsTime: reply.endsWith("tells") };
}
