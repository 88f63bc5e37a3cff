import type { Client, DetailDocument } from "gafferd/client";
import { useState } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { Chart } from "./chart.tsx";
import { Exits } from "./exits.tsx";
import type { Figures, Series } from "../state/figures.ts";
import { formatAge, formatBytes, formatPercent } from "../format.ts";
import { formatTime, type Badge, processBadge, templateBadge } from "../badge.ts";
import { Output } from "../output/output.tsx";
import { toHash } from "../route.ts";
import { StateBadge } from "../state-badge.tsx";
import { signals, type Verb, verbs } from "../verbs.ts";

interface DetailProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly template: DetailDocument;
  readonly pid: number | undefined;
  readonly figures: Figures;
  readonly look: { readonly isDark: boolean; readonly readAloud: boolean };
  readonly connectionCount: number | undefined;
  readonly onRemove: () => void;
}

/** Powers of two, for the axis of the memory chart. */
const byteSteps = Array.from({ length: 40 }, (_, power) => 2 ** power);
const nothing: Series = { times: [], cpu: [], rss: [] };

/** The page of one template, or of one of its processes. */
export function Detail(props: DetailProps) {
  const { client, actions, template, pid, figures, look } = props;
  const { name, processes } = template;
  const process = processes.find((each) => each.pid === pid);
  const { times, cpu, rss } = figures.series(pid ?? name) ?? nothing;
  const chart = { times, look: look.isDark };
  return (
    <article class="detail" aria-labelledby="detail-title">
      <header>
        <nav aria-label="Path">
          <a href={toHash({})} class="back">
            All templates
          </a>
          {pid !== undefined && <a href={toHash({ name })}>{name}</a>}
        </nav>
        <h2 id="detail-title" tabIndex={-1}>
          {pid === undefined ? name : `process ${pid}`} <StateBadge badge={badgeOf(props)} />
        </h2>
        <p class="facts">
          <code>{[template.cmd, ...template.args].join(" ")}</code>
          {process !== undefined && (
            <span>
              os pid {process.os_pid}, slot {process.slot}
              {process.port === null ? "" : `, port ${process.port}`}, running for{" "}
              {formatAge(Date.now() - Date.parse(process.started_at))}
            </span>
          )}
          {pid === undefined && <Status template={template} />}
        </p>
      </header>
      {pid === undefined ? (
        <TemplateBar {...props} />
      ) : (
        <ProcessBar client={client} actions={actions} pid={pid} isRunning={process !== undefined} />
      )}
      <div class="charts">
        <Chart title="CPU" values={cpu} format={formatPercent} colour="--cpu" {...chart} />
        <Chart title="Memory" values={rss} format={formatBytes} colour="--memory" steps={byteSteps} {...chart} />
      </div>
      <Output
        key={`${name}/${pid}`}
        client={client}
        actions={actions}
        template={template}
        pid={pid}
        look={look}
        connectionCount={props.connectionCount}
      />
      {pid === undefined && <Exits client={client} template={template} />}
    </article>
  );
}

function badgeOf({ template, pid }: DetailProps): Badge {
  if (pid === undefined) return templateBadge(template);
  const process = template.processes.find((each) => each.pid === pid);
  return process === undefined ? { text: "exited", tone: "exited" } : processBadge(template, process);
}

/** How many processes run, the reason for the state, and the next attempt. */
function Status({ template: { status, processes } }: { template: DetailDocument }) {
  const retry = status.next_retry_at === null ? undefined : formatTime(status.next_retry_at);
  return (
    <>
      <span>
        {processes.length} of {status.numprocesses} running
      </span>
      {status.restarts > 0 && <span>{status.restarts} restarts</span>}
      {status.reason !== null && <span class="reason">{status.reason}</span>}
      {retry !== undefined && <span>next attempt {retry}</span>}
    </>
  );
}

function TemplateBar({ client, actions, template, onRemove }: DetailProps) {
  const { name, status } = template;
  const button = (verb: Verb, text = verb.title) => {
    const what = `${verb.title}: ${name}`;
    return (
      <button
        type="button"
        aria-label={text === verb.title ? undefined : verb.title}
        aria-keyshortcuts={verb.letter}
        aria-busy={actions.isBusy(what)}
        disabled={!verb.isUseful(template)}
        onClick={() => void actions.run(what, `${name} ${verb.done}`, () => verb.act(client, name))}
      >
        {text}
      </button>
    );
  };
  return (
    <div class="bar" role="group" aria-label="Template actions">
      {button(verbs.start)}
      {button(verbs.stop)}
      {button(verbs.restart)}
      <span class="scale" role="group" aria-label="Number of processes">
        {button(verbs.fewer, "−")}
        <output aria-label="Wanted processes">{status.numprocesses}</output>
        {button(verbs.more, "+")}
      </span>
      <SignalForm client={client} actions={actions} target={name} isEnabled={template.processes.length > 0} />
      <button type="button" class="danger" onClick={onRemove}>
        Remove…
      </button>
    </div>
  );
}

interface ProcessBarProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly pid: number;
  readonly isRunning: boolean;
}

function ProcessBar({ client, actions, pid, isRunning }: ProcessBarProps) {
  const what = `Stop process ${pid}`;
  return (
    <div class="bar" role="group" aria-label="Process actions">
      <button
        type="button"
        disabled={!isRunning}
        aria-busy={actions.isBusy(what)}
        title="Its template starts a new one"
        onClick={() => void actions.run(what, `process ${pid} stopped`, () => client.stop(pid))}
      >
        Stop process
      </button>
      <SignalForm client={client} actions={actions} target={pid} isEnabled={isRunning} />
    </div>
  );
}

interface SignalFormProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly target: string | number;
  readonly isEnabled: boolean;
}

function SignalForm({ client, actions, target, isEnabled }: SignalFormProps) {
  const [signal, setSignal] = useState("HUP");
  const act = () => actions.run(`Send ${signal}`, `${signal} sent to ${target}`, () => client.signal(target, signal));
  return (
    <span class="signal">
      <select aria-label="Signal" value={signal} onInput={({ currentTarget }) => setSignal(currentTarget.value)}>
        {signals.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <button type="button" disabled={!isEnabled} onClick={() => void act()}>
        Send signal
      </button>
    </span>
  );
}
