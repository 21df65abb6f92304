# syntax=docker/dockerfile:1
# One image for every role: PLANES=apart (default, one container with all), PLANE=gateway or PLANE=console.
# Any base with glibc and Node 20.20 or newer: --build-arg BASE=registry.example.com/node:24-bookworm-slim
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# Tools that a package of production merely could use (an optional peer) are only pruned when no one asks for them.
RUN npm run build && npm pkg delete devDependencies && npm prune --omit=dev --no-audit --no-fund && rm -rf .next/cache

FROM ${BASE}
WORKDIR /app
# Numeric, so that Kubernetes can check that it is not root. /data is the only folder that is written, with /tmp.
# The name is for the embedded PostgreSQL: initdb refuses a user that has none.
RUN groupadd --system --gid 10001 spillway && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home spillway \
  && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json /app/next.config.mjs /app/LICENSE /app/THIRD-PARTY-NOTICES.md ./
COPY --from=build /app/scripts/start.mjs /app/scripts/run.mjs /app/scripts/config.mjs ./scripts/
COPY --from=build /app/scripts/config ./scripts/config
COPY --from=build /app/db/migrations ./db/migrations
COPY --from=build /app/public ./public
COPY --from=build /app/dist ./dist
COPY --from=build /app/.next ./.next
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOST=0.0.0.0 PORT=3000 DATA_DIR=/data PLANES=apart
USER 10001:10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The server itself is the first process: it gets SIGTERM and drains. Give it a minute before SIGKILL.
ENTRYPOINT ["node", "scripts/start.mjs"]
