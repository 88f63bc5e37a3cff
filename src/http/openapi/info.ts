import type { OpenapiDocument } from "../operation/openapi-document.ts";

/** Paragraphs in which backticks mark code. `/docs` supports no other CommonMark. */
export const info: Omit<OpenapiDocument["info"], "version"> = {
  title: "gafferd",
  description: [
    "gafferd starts processes, keeps them running, and lets any HTTP client read their output and write to their input, byte for byte.",
    "A template describes what to run; a process is one run of it. A `pid` is the ID that gafferd gives a process: 1, 2, 3 … in order of start, never reused. The kernel's process ID is `os_pid`. The part of a template's name before the first colon is its group.",
    'Request and response bodies are JSON in UTF-8; the `Content-Type` of a request is ignored. Output and input of processes are raw bytes. A successful request returns `200` with `{"ok":true}` or the requested document. An action responds when its work is done. An error response has the error code in `error`, and one sentence for people in `message`: what went wrong, and what to do.',
    "Every path supports `HEAD` and `OPTIONS`. A method that a path does not support returns `405 method_not_allowed` with an `Allow` header; an unknown path returns `404 resource_not_found`. A trailing slash is ignored.",
    "Every request needs a `Host` header that the endpoint accepts. A request from a web page of another origin is rejected, unless the origin is listed in `cors_origins`.",
    "`/_plugin/NAME/` serves the files of a plugin's site. Requests below `/_plugin/NAME/api` are handled by the plugin; they are not described here.",
  ].join("\n\n"),
};

export const headOptionsTag = "methods";

/** In the order in which `/docs` shows them. */
export const tags: OpenapiDocument["tags"] = [
  { name: "templates", description: "Create, read, replace and delete templates, and read their status." },
  { name: "actions", description: "Actions on a template or a process. Each responds when its work is done." },
  {
    name: "groups",
    description:
      "Actions on all templates of a group. The group is the part of a template's name before the first colon.",
  },
  {
    name: "streams",
    description:
      "Output and input of processes. A client that reconnects with the last ID it received gets every byte after it, and none twice. If bytes are no longer in the buffer, the stream reports a gap; it never skips them silently.",
  },
  {
    name: "runs",
    description:
      "Processes that are started once, under an ID that the caller chooses: a build step, a migration, the command of an agent. A request that is repeated does not start the process twice.",
  },
  {
    name: "logs",
    description:
      "Output that templates with `output_keep` have written to disk, by time, ID, text or regular expression. It outlives processes, templates and gafferd itself.",
  },
  {
    name: "events",
    description: "Changes of templates and processes. An event is published after the state has changed.",
  },
  {
    name: "leases",
    description:
      "Templates with the settings `owner` and `lease` run only as long as their owner renews the lease, or holds it with an open stream or WebSocket (`?lease=OWNER`).",
  },
  {
    name: "webhooks",
    description:
      "URLs that receive events. Each event is sent as a `POST` request with a JSON body, in order and at least once. Queued events survive a restart of gafferd.",
  },
  { name: "stats", description: "Resource usage of processes." },
  { name: "daemon", description: "gafferd itself: configuration, plugins, metrics and documentation." },
  { name: headOptionsTag, description: "`HEAD` and `OPTIONS`, which every path supports." },
];
