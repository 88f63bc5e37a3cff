/** A row of the API contract that gaffer's clients rely on. */
export interface ContractRow {
  readonly row: string;
  /** The operations, by method and path. Path parameters may have any name. */
  readonly requests: readonly string[];
  /** Query parameters. */
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  /** Response headers. */
  readonly answerHeaders?: readonly string[];
  /** Error codes. */
  readonly codes?: readonly string[];
  /** Fields of the response; nested fields after a dot. */
  readonly members?: readonly string[];
}

const actions = (path: string, names: readonly string[]) => names.map((name) => `POST ${path}/${name}`);

const words = (text: string) => text.split(" ");
const processMembers = words(
  "pid cpu mem mem_info1 mem_info2 ctime username nice cmdline children rss vms fds threads io_read io_write",
);

const runQuery = words("wait max_bytes feed heartbeat tail since format follow lossless reader lease");
const runMembers = words(
  "ok id pid os_pid state exit_status term_signal ended_by started_at exited_at cpu_ms max_rss output existing",
);

export const contractRows: readonly ContractRow[] = [
  {
    row: 'GET / → {"welcome":"gaffer","version":"…"}, with links; a browser is sent to the dashboard',
    requests: ["GET /"],
    members: ["welcome", "version", "docs", "openapi", "dashboard"],
  },
  { row: "GET /ping → OK, text/plain", requests: ["GET /ping"] },
  { row: "GET /processes → the names, in the order of creation", requests: ["GET /processes"] },
  { row: "GET /processes?running=true|1 → the pids that run", requests: ["GET /processes"], query: ["running"] },
  {
    row: "GET /processes?format=ini → an INI file of what runs",
    requests: ["GET /processes"],
    query: ["format"],
    codes: ["invalid_config"],
  },
  {
    row: "GET /processes?detail=true → settings, status, its processes",
    requests: ["GET /processes"],
    query: ["detail"],
    members: [
      ...words("name cmd status"),
      ...words("pid os_pid state started_at restarts last_exit").map((member) => `processes.${member}`),
    ],
  },
  {
    row: "POST /processes → 409 conflict, 400 invalid_process_info, 422 spawn_failed",
    requests: ["POST /processes"],
    codes: ["conflict", "invalid_process_info", "invalid_json", "bad_value", "spawn_failed", "too_large"],
    members: ["ok"],
  },
  {
    row: "GET /processes/:name → name, cmd, and every setting in force; of a :pid with pid, os_pid, started_at",
    requests: ["GET /processes/{id}"],
    codes: ["not_found"],
    members: ["name", "cmd", "numprocesses", "pid", "os_pid", "started_at"],
  },
  {
    row: "PUT /processes/:name (also POST) → replace the settings. Not found: 404",
    requests: ["PUT /processes/{id}", "POST /processes/{id}"],
    codes: ["not_found", "invalid_process_info", "invalid_json", "too_large", "spawn_failed"],
  },
  { row: "DELETE /processes/:name|:pid", requests: ["DELETE /processes/{id}"], codes: ["not_found", "gone"] },
  {
    row: 'GET /processes/:name/_pids → {"ok":true,"pids":[…]}',
    requests: ["GET /processes/{id}/_pids"],
    members: ["ok", "pids"],
  },
  {
    row: "POST /processes/:name/_start _stop _restart, and /processes/:pid/_stop",
    requests: actions("/processes/{id}", ["_start", "_stop", "_restart"]),
    codes: ["not_found"],
  },
  { row: "?spawn_first=true", requests: actions("/processes/{id}", ["_restart"]), query: ["spawn_first"] },
  {
    row: 'POST /processes/:name/_add[/:n] _sub[/:n] → {"ok":true,"numprocesses":N}; no whole number: 400 bad_value',
    requests: actions("/processes/{id}", ["_add", "_add/{n}", "_sub", "_sub/{n}"]),
    codes: ["not_found", "bad_value"],
    members: ["ok", "numprocesses"],
  },
  {
    row: "POST /processes/:name|:pid/_signal/:sig → unknown: 400 bad_value",
    requests: actions("/processes/{id}", ["_signal/{sig}"]),
    codes: ["not_found", "bad_value", "gone"],
    query: ["group"],
  },
  { row: "no_signal_number", requests: actions("/processes/{id}", ["_signal"]), codes: ["no_signal_number"] },
  {
    row: "GET /processes/:name/_history",
    requests: ["GET /processes/{id}/_history"],
    members: ["pid", "os_pid", "exit_status", "term_signal", "started_at", "exited_at", "cpu_ms", "max_rss"].map(
      (member) => `history.${member}`,
    ),
  },
  {
    row: "GET /processes/:name/_history/:pid",
    requests: ["GET /processes/{id}/_history/{pid}"],
    codes: ["not_found", "bad_value"],
    members: ["ended_by", "output", "next", "left_behind", "changed_settings", "exit_status", "cpu_ms", "max_rss"],
    query: ["boot"],
  },
  {
    row: "GET /status/:name",
    requests: ["GET /status/{name}"],
    codes: ["not_found"],
    members: ["active", "running", "numprocesses", "max_processes", "flapping", "stopped", "next_retry_at"],
  },
  { row: "GET /groups · GET /groups/:g", requests: ["GET /groups", "GET /groups/{g}"] },
  {
    row: "POST /groups/:g/_start _stop _restart · DELETE /groups/:g",
    requests: [...actions("/groups/{g}", ["_start", "_stop", "_restart"]), "DELETE /groups/{g}"],
    codes: ["not_found"],
  },
  { row: "the same for all of a group", requests: actions("/groups/{g}", ["_restart"]), query: ["spawn_first"] },
  {
    row: "GET /stats: an array of those; /stats/:name: name, stats (the above with id), mem, max_mem …",
    requests: ["GET /stats", "GET /stats/{name}"],
    query: ["feed", "interval", "lease"],
    members: [
      ...words("name mem max_mem min_mem cpu max_cpu min_cpu"),
      ...["id", ...processMembers].map((member) => `stats.${member}`),
    ],
  },
  {
    row: "GET /stats/:name/:pid",
    requests: ["GET /stats/{name}/{pid}"],
    codes: ["not_found"],
    members: processMembers,
  },
  {
    row: "GET /watch, /watch/:p1[/:p2[/:p3]]; feed, heartbeat, since as of output",
    requests: ["GET /watch", "GET /watch/{p1}", "GET /watch/{p1}/{p2}", "GET /watch/{p1}/{p2}/{p3}"],
    query: ["feed", "heartbeat", "since", "lease"],
    headers: ["Last-Event-ID"],
    members: ["event", "name", "pid", "os_pid", "exit_status", "term_signal", "detached", "time"],
  },
  {
    row: "Unknown: 404 bad_event_type",
    requests: ["GET /watch/{p1}", "GET /watch/{p1}/{p2}", "GET /watch/{p1}/{p2}/{p3}"],
    codes: ["bad_event_type"],
  },
  {
    row: "GET /streams/:pid/:label, /streams/:pid (all labels), /streams/:name and /streams/:name/:label",
    requests: ["GET /streams/{target}", "GET /streams/{target}/{label}"],
    query: ["feed", "heartbeat", "tail", "since", "format", "follow", "lossless", "reader", "lease"],
    headers: ["Last-Event-ID"],
    answerHeaders: ["X-Gaffer-Next"],
    codes: ["not_found", "bad_value", "io_not_redirected"],
  },
  {
    row: "GET /logs/:name[/:label], GET /logs: output on disk, by time or id, text or regular expression, as text or JSON, and followed live",
    requests: ["GET /logs", "GET /logs/{name}", "GET /logs/{name}/{label}"],
    query: words("since until limit grep regex ignore_case pid label format feed"),
    codes: ["not_found", "bad_value"],
  },
  { row: "io_not_found", requests: ["GET /streams/{target}/{label}"], codes: ["io_not_found"] },
  {
    row: 'POST /streams/:pid/stdin, /streams/:name/stdin → {"ok":true,"bytes":n}; ?eof=true; 403 forbidden_write, 410 gone, 503 overloaded',
    requests: ["POST /streams/{target}/stdin"],
    query: ["eof", "offset"],
    codes: ["not_found", "forbidden_write", "gone", "conflict", "overloaded"],
    members: ["ok", "bytes", "taken"],
    answerHeaders: ["X-Gaffer-Taken"],
  },
  {
    row: 'GET and HEAD /streams/:pid/stdin report {"taken":n,"closed":bool} (header X-Gaffer-Taken)',
    requests: ["GET /streams/{target}/stdin"],
    members: ["taken", "closed"],
    answerHeaders: ["X-Gaffer-Taken"],
  },
  {
    row: "GET /wstreams/:pid, /wstreams/:name (WebSocket), ?label=, ?tail=, ?since=, ?eof=, ?offset=, ?taken=, ?lease=, the subprotocol `binary`",
    requests: ["GET /wstreams/{target}"],
    query: ["label", "tail", "since", "eof", "offset", "taken", "lease"],
    headers: ["Sec-WebSocket-Protocol"],
  },
  {
    row: 'POST /leases/:owner renews everything of that owner ({"ok":true,"expires_at":…}); 410 gone if everything was stopped',
    requests: ["POST /leases/{owner}"],
    codes: ["not_found", "gone"],
    members: ["ok", "expires_at"],
  },
  {
    row: "DELETE /leases/:owner expires it now",
    requests: ["DELETE /leases/{owner}"],
    codes: ["not_found"],
    members: ["ok"],
  },
  {
    row: "GET /leases · GET /leases/:owner → list; one",
    requests: ["GET /leases", "GET /leases/{owner}"],
    members: ["owner", "state", "expires_at", "connections", "members.name", "members.state"],
  },
  {
    row: "PUT /runs/:id → start it, or attach to it; wait, max_bytes, feed. Another body: 409 conflict naming the first field",
    requests: ["PUT /runs/{id}"],
    query: runQuery,
    headers: ["Last-Event-ID"],
    codes: ["conflict", "invalid_process_info", "spawn_failed", "overloaded"],
    members: runMembers,
  },
  {
    row: "POST /runs → the same with a generated id, returned in `Location`",
    requests: ["POST /runs"],
    query: runQuery,
    headers: ["Last-Event-ID"],
    answerHeaders: ["Location"],
    members: runMembers,
  },
  { row: "GET /runs", requests: ["GET /runs"], members: words("id state exit_status ended_by") },
  {
    row: "GET /runs/:id. An unknown id is 404 and never starts anything",
    requests: ["GET /runs/{id}"],
    query: runQuery,
    headers: ["Last-Event-ID"],
    codes: ["not_found"],
    members: runMembers,
  },
  {
    row: "GET /runs/:id/output[/:label]: the `/streams` routes of its process, with the same parameters",
    requests: ["GET /runs/{id}/output", "GET /runs/{id}/output/{label}"],
    query: words("feed heartbeat tail since format follow lossless reader lease"),
    headers: ["Last-Event-ID"],
    answerHeaders: ["X-Gaffer-Next"],
    codes: ["not_found"],
  },
  {
    row: "POST /runs/:id/stdin, ?offset=, ?eof=; GET, HEAD",
    requests: ["POST /runs/{id}/stdin"],
    query: ["eof", "offset"],
    codes: ["not_found", "forbidden_write", "gone", "conflict", "overloaded"],
    members: ["ok", "bytes", "taken"],
    answerHeaders: ["X-Gaffer-Taken"],
  },
  { row: "GET /runs/:id/stdin", requests: ["GET /runs/{id}/stdin"], members: ["taken", "closed"] },
  { row: "POST /runs/:id/_stop", requests: ["POST /runs/{id}/_stop"], query: ["max_bytes"], codes: ["not_found"] },
  {
    row: "POST /runs/:id/_signal/:sig",
    requests: ["POST /runs/{id}/_signal/{sig}"],
    query: ["group"],
    codes: ["not_found", "bad_value", "gone"],
  },
  {
    row: "DELETE /runs/:id: stop it if it runs, and forget it. Repeatable",
    requests: ["DELETE /runs/{id}"],
    members: ["ok"],
  },
];

/** The error codes of the contract's general rules, with their status. */
export const contractCodes: Readonly<Record<string, number>> = {
  not_found: 404,
  conflict: 409,
  invalid_json: 400,
  invalid_process_info: 400,
  bad_value: 400,
  no_signal_number: 400,
  resource_not_found: 404,
  bad_event_type: 404,
  io_not_redirected: 400,
  io_not_found: 404,
  forbidden_write: 403,
  unauthorized: 401,
  forbidden: 403,
  gone: 410,
  too_large: 413,
  upgrade_required: 426,
  overloaded: 503,
  spawn_failed: 422,
  invalid_config: 422,
  internal: 500,
};

/** The path of plugins, which define their own responses. */
export const pluginPath = "/_plugin/";

/** Operations that the contract does not have, and why they exist. */
export const ownOperations: Readonly<Record<string, string>> = {
  "GET /webhooks": "lists the registered webhooks",
  "POST /webhooks": "registers a webhook without editing the configuration file",
  "DELETE /webhooks": "removes a webhook by its URL, as in gaffer",
  "GET /webhooks/{id}": "the state of a webhook",
  "DELETE /webhooks/{id}": "removes a webhook by the id that `POST` returns",
  "GET /webhooks/{id}/deliveries": "shows why deliveries failed",
  "GET /metrics": "metrics for Prometheus",
  "GET /openapi.json": "the API description for programs",
  "GET /docs": "the API description for people",
  "GET /_plugin": "lists plugins and the paths of their sites",
  "POST /_reload": "does the same as SIGHUP over HTTP",
};

/** Parameters that the contract does not have, and why they exist. */
export const ownParameters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "GET /stats": { heartbeat: "prevents proxies from closing a silent stream" },
  "GET /stats/{name}": { heartbeat: "prevents proxies from closing a silent stream" },
  "GET /stats/{name}/{pid}": {
    feed: "streams the usage of one process, like that of all",
    lease: "holds a lease, like every stream",
    interval: "the interval of that stream",
    heartbeat: "the heartbeat of that stream",
  },
  "GET /wstreams/{target}": {
    "Last-Event-ID": "same as `since`, as in other streams",
    heartbeat: "the interval of ping frames",
  },
  ...Object.fromEntries(
    ["GET /logs", "GET /logs/{name}", "GET /logs/{name}/{label}"].map((operation) => [
      operation,
      {
        order: "returns the newest lines first, for a reader that looks for the last occurrence",
        heartbeat: "prevents proxies from closing a silent stream",
        lease: "holds a lease, like every stream",
        "Last-Event-ID": "same as `since`, as in other streams",
      },
    ]),
  ),
  "GET /runs": { state: "finds the runs that are running among thousands" },
  "POST /_reload": {
    dry_run: "returns the changes without making them",
    keep_drift: "keeps changes that were made on purpose",
  },
};

/** Error codes that the contract does not have, and why they exist. */
export const ownCodes: Readonly<Record<string, string>> = {
  method_not_allowed: "the contract has the status 405 and `Allow`, but no code",
};
