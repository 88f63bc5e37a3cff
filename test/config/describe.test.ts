import { expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";
import { describeConfig, findWarnings } from "../../src/config/describe.ts";
import { createFolder } from "./folder.ts";

const { folder, load } = createFolder();

test("a configuration is told as what would run", () => {
  const config = load(`
[gaffer]
plugins_dir = plugins
bundled_plugins = none

[endpoint:local]
bind = 127.0.0.1:5000, unix:g.sock
hosts = gaffer.example.org

[endpoint:public]
bind = :5001
auth = false
insecure = true

[process:last]
cmd = ls
  -l
args = 'a b' $UNSET
start = no

[process:second]
cmd = ./b $HOME
priority = 2
numprocesses = 3
uid = www
gid = www
flapping = 2, 1., 7., 5
restart = on-failure
redirect_output = out, err
redirect_input = yes

[process:first]
cmd = echo $UNSET
cwd = /tmp
priority = -1
shell = yes
detach = yes

[webhooks]
exit = http://a/1 http://a/2
proc.second.exit = http://me:secret@a/3
proc.secnod = http://a/4
proc.second.worker = http://a/5

[plugin:guard]
limit = 1g
`);
  expect(describeConfig(config, { HOME: "/home/me" }).replaceAll(folder, "DIR")).toBe(`files
  DIR/gaffer.ini

endpoints
  local: http://127.0.0.1:5000, also as gaffer.example.org
  local: unix:DIR/g.sock, also as gaffer.example.org
  public: http://*:5001, no authentication, insecure

processes, in the order of starting
  first: echo $UNSET
    1 process, in /tmp, priority -1, under sh -c, detached, output discarded
  second: ./b $HOME
    3 processes, in DIR, as user www, as group www, priority 2, restart on-failure, flapping after 2 exits in 1 s, output out, err, input
  last: ls ⏎ -l "a b" "$UNSET"
    1 process, not started, in DIR, output stdout, stderr

webhooks
  exit: http://a/1
  exit: http://a/2
  proc.second.exit: http://me:***@a/3
  proc.secnod: http://a/4
  proc.second.worker: http://a/5

warnings
  last: $UNSET is not set, and stays in the command as it is written
  webhooks: proc.secnod is about no process of this configuration
  webhooks: proc.second.worker is about no process of this configuration
`);
});

test("without a file there is an endpoint and nothing to run", () => {
  expect(describeConfig(loadConfig(undefined, { pluginsDir: "/p" }))).toBe(`endpoints
  default: http://127.0.0.1:5000
`);
});

test("an env file that is not there, and a command that is empty once replaced, are warned of", () => {
  const config = load("[process:a]\ncmd = x\nenv_file = gone.env\n[process:b]\ncmd = $EMPTY");
  const [first, second, ...others] = findWarnings(config, { EMPTY: "" });
  expect(first).toStartWith(`a: cannot read the env file ${folder}/gone.env: `);
  expect(second).toBe("b: cannot start b: its command `$EMPTY` names no program once its variables are replaced");
  expect(others).toEqual([]);
});

test("a variable that the process's own environment has is not warned of", () => {
  expect(findWarnings(load("[process:a]\ncmd = x $A $B\nenv:A = 1\nos_env = no"), { B: "2" })).toEqual([
    "a: $B is not set, and stays in the command as it is written",
  ]);
});
