import { suggestion } from "../suggestion.ts";

/**
 * Keys of supervisor, circus, pm2, foreman, systemd, Compose and Kubernetes, in lower case and without `_` and `-`. The
 * value is the corresponding key of gafferd, or advice (text with spaces).
 */
const counterparts: Readonly<Record<string, string>> = {
  ...aliases("cmd", "command", "script", "exec", "execstart", "entrypoint", "program", "run"),
  ...aliases("args", "arguments", "scriptargs"),
  ...aliases("cwd", "directory", "workingdir", "workingdirectory", "dir", "chdir"),
  ...aliases("env_file", "envfile", "environmentfile", "dotenv"),
  ...aliases("os_env", "copyenv", "inheritenv"),
  ...aliases("uid", "user", "runas"),
  ...aliases("gid", "group"),
  ...aliases("numprocesses", "numprocs", "instances", "replicas", "scale", "concurrency", "processes", "workers"),
  ...aliases("start", "autostart", "enabled", "ondemand"),
  ...aliases("restart", "autorestart", "respawn", "restartpolicy"),
  ...aliases(
    "backoff",
    "restartsec",
    "restartdelay",
    "expbackoffrestartdelay",
    "startsecs",
    "minuptime",
    "startretries",
  ),
  ...aliases("flapping", "maxrestarts", "maxretry", "startlimitburst", "startlimitinterval", "startlimitintervalsec"),
  ...aliases(
    "graceful_timeout",
    "stopwaitsecs",
    "killtimeout",
    "timeoutstopsec",
    "stopgraceperiod",
    "terminationgraceperiodseconds",
    "stoptimeout",
    "gracefulstoptimeout",
    "timeout",
  ),
  ...aliases("stop_signal", "stopsignal", "killsignal", "signal"),
  ...aliases("kill_mode", "killmode", "stopasgroup", "killasgroup", "stopchildren", "treekill"),
  ...aliases("success_codes", "exitcodes", "stopexitcodes", "successexitstatus"),
  ...aliases(
    "redirect_output",
    "stdoutstream",
    "stderrstream",
    "stdoutstream.class",
    "stderrstream.class",
    "standardoutput",
    "standarderror",
    "stdout",
    "stderr",
  ),
  ...aliases("redirect_input", "stdin", "stdinopen", "standardinput", "stdinsocket"),
  redirectstderr: "write `redirect_output = stdout, stdout`, which merges both",
  mergelogs: "write `redirect_output = stdout, stdout`, which merges both",
  combinelogs: "write `redirect_output = stdout, stdout`, which merges both",
  interpreter: "write the interpreter before the script in `cmd`",
  execinterpreter: "write the interpreter before the script in `cmd`",
  execmode: "delete it; `numprocesses` sets the number of processes",
  image: "gafferd starts programs, not images: write `cmd`",
  processname: "delete it; the section header sets the name",
  singleton: "write `numprocesses = 1`",
  warmupdelay: "delete it; see `priority`",
  usesockets: "delete it; processes open their own sockets, see `port`",
  ...aliases("output_file", "stdoutlogfile", "stderrlogfile", "outfile", "errorfile", "logfile", "loglocation"),
  stdoutlogfilemaxbytes: "write `output_rotate = SIZE, BACKUPS`",
  stderrlogfilemaxbytes: "write `output_rotate = SIZE, BACKUPS`",
  stdoutlogfilebackups: "write `output_rotate = SIZE, BACKUPS`",
  stderrlogfilebackups: "write `output_rotate = SIZE, BACKUPS`",
  virtualenv: "write the path of its interpreter in `cmd`, such as venv/bin/python",
};

/** No tool has a longer key. */
const maxKeyLength = 100;

const environments: ReadonlySet<string> = new Set(["env", "environment", "environ", "envvars"]);

/** The gafferd key that corresponds to a key of another tool; undefined if there is none. */
export function counterpartOf(key: string): string | undefined {
  const advice = adviceFor(key);
  return advice?.includes(" ") ? undefined : advice;
}

/**
 * The end of a message about an unknown key: the corresponding key if another tool has it, else the most similar of
 * `known`. `variables` is the advice for keys that hold environment variables.
 */
export function adviceOnKey(key: string, known: readonly string[], variables: string): string {
  if (key.length > maxKeyLength) return "";
  if (environments.has(normalize(key)) && !known.includes(normalize(key))) return `; ${variables}`;
  const advice = adviceFor(key);
  if (advice === undefined) return suggestion(key, known);
  if (known.includes(advice)) return `; did you mean \`${advice}\`?`;
  return advice.includes(" ") ? `; ${advice}` : suggestion(key, known);
}

function adviceFor(key: string): string | undefined {
  return Object.hasOwn(counterparts, normalize(key)) ? counterparts[normalize(key)] : undefined;
}

function normalize(key: string): string {
  return key.toLowerCase().replaceAll(/[_-]/g, "");
}

function aliases(key: string, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, key]));
}
