import { Code, Group } from "@mantine/core";
import type { RefusedView } from "@/lib/console/records/explain";
import { useKeyName, useTenantName } from "../../_ui/data/names";
import { CopyId } from "../../_ui/figures/copy-id";
import { count } from "../../_ui/figures/format";
import type { Refusal } from "../../_ui/forms/pasted";
import { MetLimitList, shorterWords } from "../../_ui/limits/met-limit-list";

/** A stored refusal in the form of its error. */
export function refusalIn(refused: RefusedView): Refusal {
  const { code, message, limitName, layer, dimension, retryAfterMs } = refused;
  const binding = refused.met.find((one) => one.name === limitName && one.layer === layer);
  return {
    code,
    message,
    limitName: layer === "" ? null : limitName,
    layer: layer || null,
    dimension: dimension || null,
    limit: binding?.limit ?? null,
    used: binding?.used ?? null,
    asked: binding?.asked ?? null,
    retryAfterSeconds: retryAfterMs === null ? null : retryAfterMs / 1000,
    resetAt: retryAfterMs === null ? null : new Date(Date.parse(refused.at) + retryAfterMs).toISOString(),
  };
}

/** Every limit at the time of a refused call, and its caller. */
export function MetLimits({ refused, user }: { refused: RefusedView; user: string | null }) {
  return (
    <MetLimitList
      title={refused.met.length === 0 ? "The refused call" : "All limits at the time of the call"}
      note={whose(refused, user, useTenantName(refused.tenant), useKeyName(refused.keyId))}
      aside={
        <Group gap={4} wrap="nowrap">
          <Code style={{ overflowWrap: "anywhere" }}>{refused.requestId}</Code>
          <CopyId id={refused.requestId} of="request id" />
        </Group>
      }
      met={refused.met}
    />
  );
}

function whose(refused: RefusedView, user: string | null, tenant: string, key: string): string {
  const { feature, endpoint, stream, askedModel, model, client, clientAddress } = refused;
  const parts = [
    tenant,
    `key ${key}`,
    ...(user === null ? [] : [`user ${user}`]),
    ...(feature === null ? [] : [`feature ${feature}`]),
    `endpoint ${endpoint}${stream ? ", streamed" : ""}`,
    askedModel === model ? model : `${model}, instead of ${askedModel}`,
    `${count(refused.estimatedInputTokens)} + ${count(refused.reservedOutputTokens)} tokens asked for`,
    ...(refused.permits > 1 ? [`counts as ${count(refused.permits)} requests`] : []),
    `${client === "other" ? "unknown client" : client} at ${clientAddress}`,
    `policy version ${count(refused.policyVersion)}`,
  ];
  return `${parts.join(" · ")}.${shorterWords(refused.largestOutputTokens, refused.reservedOutputTokens)}`;
}
