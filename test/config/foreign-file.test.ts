import { describe, expect, test } from "bun:test";
import { createFolder } from "./folder.ts";

const { problemsOf, warningsOf } = createFolder();

describe("a file of another tool gives one error that names its format", () => {
  test.each([
    ["pm2's ecosystem.json", '{\n  "apps": [{ "name": "web", "script": "app.js" }]\n}', 1, "JSON"],
    ["a list", '[\n  {"name": "web"}\n]', 1, "JSON"],
    ["pm2's ecosystem.config.js", '// apps\nmodule.exports = {\n  apps: [{ name: "web" }],\n};', 2, "JavaScript"],
    [
      "a Kubernetes manifest",
      "# web\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 3\n  containers:\n    - name: web",
      2,
      "YAML",
    ],
    ["a Compose file", "services:\n  web:\n    image: nginx\n    command: [a, b]", 1, "YAML"],
    ["several YAML documents", "---\nkind: ConfigMap\n---\nkind: Pod", 1, "YAML"],
  ])("%s", (_, text, line, what) => {
    expect(problemsOf(text)).toEqual([
      `gaffer.ini:${line}: this file is ${what}, not INI; write \`[process:web]\` and, on the next line, \`cmd = …\``,
    ]);
  });

  test("a Procfile of foreman, with its first line as INI", () => {
    expect(problemsOf("# dev\nweb: bundle exec rails s -p $PORT\nworker: sidekiq\n")).toEqual([
      "gaffer.ini:2: this file is a Procfile, not INI; write `[process:web]` and, on the next line, `cmd = bundle exec rails s -p $PORT`",
    ]);
  });
});

describe("an error about a key of another tool names gafferd's key", () => {
  test.each([
    ["command", "cmd"],
    ["directory", "cwd"],
    ["user", "uid"],
    ["group", "gid"],
    ["autostart", "start"],
    ["autorestart", "restart"],
    ["stopwaitsecs", "graceful_timeout"],
    ["stopsignal", "stop_signal"],
    ["numprocs", "numprocesses"],
    ["exitcodes", "success_codes"],
    ["startsecs", "backoff"],
    ["startretries", "backoff"],
    ["stdout_logfile", "output_file"],
    ["stderr_logfile", "output_file"],
    ["script", "cmd"],
    ["instances", "numprocesses"],
    ["kill_timeout", "graceful_timeout"],
    ["restart_delay", "backoff"],
    ["exp_backoff_restart_delay", "backoff"],
    ["max_restarts", "flapping"],
    ["out_file", "output_file"],
    ["stop_exit_codes", "success_codes"],
    ["working_dir", "cwd"],
    ["copy_env", "os_env"],
    ["respawn", "restart"],
    ["stdout_stream.class", "redirect_output"],
    ["ExecStart", "cmd"],
    ["WorkingDirectory", "cwd"],
    ["EnvironmentFile", "env_file"],
    ["User", "uid"],
    ["KillSignal", "stop_signal"],
    ["TimeoutStopSec", "graceful_timeout"],
    ["RestartSec", "backoff"],
    ["replicas", "numprocesses"],
    ["terminationGracePeriodSeconds", "graceful_timeout"],
    ["stop_grace_period", "graceful_timeout"],
  ])("%s: %s", (key, counterpart) => {
    expect(problemsOf(`[process:web]\ncmd = x\n${key} = 1`)).toEqual([
      `gaffer.ini:3: [process:web] ${key}: unknown key; did you mean \`${counterpart}\`?`,
    ]);
  });

  test.each(["environment", "env", "env_vars"])("%s: env:KEY", (key) => {
    expect(problemsOf(`[process:web]\ncmd = x\n${key} = A=1`)).toEqual([
      `gaffer.ini:3: [process:web] ${key}: unknown key; write environment variables as \`env:KEY = value\``,
    ]);
  });

  test("and if it corresponds to cmd, cmd is not reported as missing", () => {
    expect(problemsOf("[process:web]\ncommand = x")).toEqual([
      "gaffer.ini:2: [process:web] command: unknown key; did you mean `cmd`?",
    ]);
  });

  test("or says what to write if there is no such key", () => {
    expect(problemsOf("[process:web]\ncmd = x\nredirect_stderr = true")).toEqual([
      "gaffer.ini:3: [process:web] redirect_stderr: unknown key; write `redirect_output = stdout, stdout`, which merges both",
    ]);
    expect(problemsOf("[process:web]\ncmd = app.js\ninterpreter = node")).toEqual([
      "gaffer.ini:3: [process:web] interpreter: unknown key; write the interpreter before the script in `cmd`",
    ]);
  });
});

test.each([
  ["[program:web]", "write [process:NAME]"],
  ["[watcher:web]", "write [process:NAME]"],
  ["[Service]", "write [process:NAME]"],
  ["[supervisord]", "write [gaffer]; some settings are command line options, see `gafferd --help`"],
  ["[circus]", "write [gaffer]; some settings are command line options, see `gafferd --help`"],
  ["[inet_http_server]", "write [endpoint:NAME] with `bind`"],
  ["[unix_http_server]", "write [endpoint:NAME] with `bind = unix:PATH`"],
  ["[include]", "write `include` in [gaffer]"],
  ["[group:all]", "delete it, and name its processes `GROUP:NAME`"],
])("an error about the section %s of another tool says what to write", (section, advice) => {
  expect(problemsOf(`${section}\ncmd = x`)).toEqual([`gaffer.ini:1: ${section} unknown section; ${advice}`]);
});

test("a program section of another tool gives errors for its keys and variables too", () => {
  expect(
    problemsOf("[program:web]\ncommand = x\nuser = www\n[watcher:api]\ncmd = x\ncopy_env = True\n[env:api]\nA = 1"),
  ).toEqual([
    "gaffer.ini:1: [program:web] unknown section; write [process:NAME]",
    "gaffer.ini:2: [program:web] command: unknown key; did you mean `cmd`?",
    "gaffer.ini:3: [program:web] user: unknown key; did you mean `uid`?",
    "gaffer.ini:4: [watcher:api] unknown section; write [process:NAME]",
    "gaffer.ini:6: [watcher:api] copy_env: unknown key; did you mean `os_env`?",
  ]);
});

test.each([
  ["%(ENV_HOME)s/bin", "%(ENV_HOME)s is syntax of another tool and is not replaced; write $HOME"],
  ["web_%(process_num)02d", "%(process_num)02d is syntax of another tool and is not replaced; write $GAFFER_SLOT"],
  ["web_%(process_num)d", "%(process_num)d is syntax of another tool and is not replaced; write $GAFFER_SLOT"],
  ["%(here)s/x", "%(here)s is syntax of another tool and is not replaced; remove it"],
  ["$(circus.env.HOME)", "$(circus.env.HOME) is syntax of another tool and is not replaced; write $HOME"],
  ["http://$(POD_IP):80", "$(POD_IP) is syntax of another tool and is not replaced; write $POD_IP"],
  ["$(circus.wid)", "$(circus.wid) is syntax of another tool and is not replaced; write $GAFFER_SLOT"],
])("a warning about the variable in %s says what to write", (value, warning) => {
  const expected = `gaffer.ini:3: [process:web] env:A: ${warning}`;
  expect(warningsOf(`[process:web]\ncmd = x\nenv:A = ${value}`)).toEqual([expected]);
});

test("a Kubernetes variable is not reported as a command substitution", () => {
  const message = "$(POD_IP) is syntax of another tool and is not replaced; write $POD_IP";
  expect(warningsOf('[process:web]\ncmd = x $(POD_IP) "$(POD_IP)"')).toEqual([
    `gaffer.ini:2: [process:web] cmd: ${message}`,
  ]);
  expect(warningsOf("[process:web]\nshell = yes\ncmd = x $(POD_IP)")).toEqual([]);
});
