# trackbridge as an image: a stage that installs and compiles, and one that holds what runs and nothing else.
#   docker build -t trackbridge .
#   docker run --read-only -v ./trackbridge.yaml:/etc/trackbridge/trackbridge.yaml:ro trackbridge run
# It needs no write access, no user name and no capability. Told to the world in docs/deploying.md.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts of packages stay off: ours would compile before there is anything to compile, and no other one is needed.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
# For docker-compose.yml, which runs the stand-in of the API and the traffic from this stage.
COPY scripts ./scripts
COPY avro ./avro

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Testcontainers is for tests; other optional packages are native parts of what we use, and stay.
RUN npm ci --ignore-scripts --omit=dev \
  && npm uninstall --ignore-scripts --omit=dev --no-save testcontainers

FROM node:24-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="trackbridge" \
  org.opencontainers.image.description="Kafka stream processor that bridges the Customer.io Track API to the Pipelines API, exactly once" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE /app/
COPY avro /app/avro
# The folder in which ./trackbridge.yaml is looked for; files named in it are relative to it.
WORKDIR /etc/trackbridge
# By number, so that Kubernetes can see that it is not root; `node` in the base image.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Needs `http: {port: 8080}` in the configuration. Kubernetes does not use it; the chart has probes of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As process 1 and without a shell, so that SIGTERM reaches it. The flags are those of the first line of src/main.ts.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--disable-warning=TimeoutNegativeWarning", "/app/dist/main.js"]
CMD ["run"]
