import { Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { LedgerView } from "@/lib/console/records/ledger";
import { useKeyName, useTenantName } from "../../_ui/data/names";
import { CopyId } from "../../_ui/figures/copy-id";
import { count, dollars } from "../../_ui/figures/format";
import { Moment } from "../../_ui/figures/moment";
import { codeWords } from "../../_ui/words/code-words";

/** All data of one call, in order of time. */
export function CallDetails({ call, user = null }: { call: LedgerView; user?: string | null }) {
  const tenantName = useTenantName(call.tenant);
  const keyName = useKeyName(call.keyId);
  const isOther = call.askedModel !== call.servedModel;
  return (
    <Stack gap="sm">
      <Group gap={4} wrap="nowrap">
        <Code style={{ overflowWrap: "anywhere" }}>{call.requestId}</Code>
        <CopyId id={call.requestId} of="request id" />
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="md">
        <Part title="Who">
          <Fact>{tenantName}</Fact>
          <Fact>key {keyName}</Fact>
          {user !== null && <Fact>user {user}</Fact>}
          {call.feature !== null && <Fact>feature {call.feature}</Fact>}
          <Fact>
            endpoint {call.endpoint}
            {call.stream ? ", streamed" : ""}
          </Fact>
        </Part>
        <Part title="Admitted">
          <Fact>
            <Moment at={call.admittedAt} />
          </Fact>
          <Fact>
            held {count(call.reservedInputTokens)} + {count(call.reservedOutputTokens)} tokens
          </Fact>
          {call.permits > 1 && <Fact>counted as {count(call.permits)} requests</Fact>}
          <Fact>under policy version {count(call.policyVersion)}</Fact>
          {call.limitMode === "local" && <Fact>by one process alone, because the store was down</Fact>}
        </Part>
        <Part title="Served">
          <Fact>{isOther ? `${call.servedModel}, instead of ${call.askedModel}` : call.servedModel}</Fact>
          {call.credential !== null && <Fact>with the credential {call.credential}</Fact>}
          {call.degradation === "trimmed" && <Fact>max_tokens trimmed</Fact>}
          <Fact>
            {codeWords(call.ending)}
            {call.upstreamStatus === null ? "" : ` (provider: ${call.upstreamStatus})`}
          </Fact>
          <Fact>
            {count(call.totalMs)} ms
            {call.upstreamHeadersMs === null ? "" : `, provider answered after ${count(call.upstreamHeadersMs)} ms`}
            {call.firstTokenMs === null ? "" : `, first token after ${count(call.firstTokenMs)} ms`}
          </Fact>
        </Part>
        <Part title="Charged">
          <Fact>
            {count(call.inputTokens)} input tokens
            {call.cachedInputTokens > 0 ? `, ${count(call.cachedInputTokens)} of them cached` : ""}
          </Fact>
          <Fact>{count(call.outputTokens)} output tokens</Fact>
          <Fact>{dollars(call.costMicroUsd)} in all</Fact>
          {call.costLines?.map(({ of, count: counted, rate }) => (
            <Fact key={of}>
              {(LINES[of] ?? of).replaceAll("_", " ")}: {lineWords(of, counted, rate)}
            </Fact>
          ))}
          {call.serviceTier !== null && <Fact>service tier {call.serviceTier}</Fact>}
          <Fact>{SOURCES[call.usageSource] ?? call.usageSource}</Fact>
        </Part>
      </SimpleGrid>
    </Stack>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  provider: "as the provider reported",
  partial: "partly reported by the provider",
  counted: "counted here, because the provider reported nothing",
  clamped: "less than the provider reported, because the report is not plausible",
  none: "no usage",
};

const LINES: Readonly<Record<string, string>> = {
  input: "fresh input",
  cachedInput: "cached input",
  cacheWrite: "cache write",
  output: "output",
  cacheWriteHour: "cache write for an hour",
  reasoning: "reasoning",
  imageInput: "pictures",
  audioInput: "sound sent",
  audioOutput: "sound received",
  imageOutput: "pictures made",
};

/** A priced line: tokens by the million, uses one by one. */
function lineWords(of: string, counted: number, rate: number): string {
  return of in LINES
    ? `${count(counted)} at ${dollars(rate)} per million`
    : `${count(counted)} at ${dollars(rate / 1_000_000)} each`;
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed" fw={600}>
        {title}
      </Text>
      {children}
    </div>
  );
}

function Fact({ children }: { children: React.ReactNode }) {
  return (
    <Text size="sm" style={{ overflowWrap: "anywhere" }}>
      {children}
    </Text>
  );
}
