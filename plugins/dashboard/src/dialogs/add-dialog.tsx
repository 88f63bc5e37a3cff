import { type Client, GafferdClientError } from "gafferd/client";
import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { type Draft, emptyDraft, type Field, type FieldError, toBody, toField } from "./new-template.ts";

interface AddDialogProps {
  readonly client: Client;
  readonly onClose: () => void;
  readonly onAdded: (name: string) => void;
}

/** The form for a new template. The daemon validates it, and its error is shown at the field that is wrong. */
export function AddDialog({ client, onClose, onAdded }: AddDialogProps) {
  const [draft, setDraft] = useState(emptyDraft);
  const [error, setError] = useState<FieldError>();
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (error !== undefined) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus();
  }, [error]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const body = toBody(draft);
    if ("message" in body) return setError(body);
    setBusy(true);
    try {
      await client.create(body);
      onAdded(body.name);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      setError({ field: cause instanceof GafferdClientError ? fieldOf(cause) : undefined, message });
    } finally {
      setBusy(false);
    }
    return undefined;
  };

  type Input = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
  const bind = (field: Field, hint = "") => ({
    id: `new-${field}`,
    name: field,
    "aria-invalid": error?.field === field,
    "aria-describedby": [error?.field === field && `error-${field}`, hint && `hint-${field}`].filter(Boolean).join(" "),
    onInput: ({ currentTarget }: TargetedEvent<Input>) => set(field, currentTarget.value),
  });
  const set = (field: Field, value: string | boolean) => setDraft((before) => ({ ...before, [field]: value }) as Draft);
  const text = (field: Field, label: string, hint = "", attributes: object = {}) => (
    <Labelled field={field} label={label} hint={hint} error={error}>
      <input
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={String(draft[field])}
        {...bind(field, hint)}
        {...attributes}
      />
    </Labelled>
  );
  const area = (field: Field, label: string, hint: string) => (
    <Labelled field={field} label={label} hint={hint} error={error}>
      <textarea rows={2} spellcheck={false} value={String(draft[field])} {...bind(field, hint)} />
    </Labelled>
  );
  const check = (field: Field, label: string) => (
    <label class="check">
      <input
        type="checkbox"
        name={field}
        checked={Boolean(draft[field])}
        onInput={({ currentTarget }) => set(field, currentTarget.checked)}
      />{" "}
      {label}
    </label>
  );

  return (
    <Dialog title="New template" onClose={onClose}>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        {error !== undefined && error.field === undefined && (
          <p role="alert" class="error" tabIndex={-1}>
            {error.message}
          </p>
        )}
        {text("name", "Name", "The part before the first colon is the group.", { autofocus: true })}
        {text("cmd", "Command", "Split into words like a shell command.", { class: "code" })}
        <div class="pair">
          {text("numprocesses", "Processes", "", { inputmode: "numeric" })}
          <Labelled field="restart" label="Restart" hint="" error={error}>
            <select value={draft.restart} {...bind("restart")}>
              <option>always</option>
              <option>on-failure</option>
              <option>never</option>
            </select>
          </Labelled>
        </div>
        {text("redirect_output", "Outputs", "Labels for stdout and stderr. An output without a label is discarded.", {
          class: "code",
        })}
        <div class="checks">
          {check("redirect_input", "Accepts input")}
          {check("shell", "Run with sh -c")}
          {check("start", "Start immediately")}
        </div>
        <details open={["cwd", "env", "more"].includes(error?.field ?? "")}>
          <summary>More</summary>
          {text("cwd", "Working directory", "Absolute path. Default: that of gafferd.", { class: "code" })}
          {area("env", "Environment", "One KEY=value per line.")}
          {area("more", "Other settings", 'As JSON: {"graceful_timeout": "3s", "output_buffer": "4m"}')}
        </details>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            Add
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function fieldOf({ code, field }: GafferdClientError): Field | undefined {
  return code === "conflict" ? "name" : code === "spawn_failed" && field === undefined ? "cmd" : toField(field);
}

interface LabelledProps {
  readonly field: Field;
  readonly label: string;
  readonly hint: string;
  readonly error: FieldError | undefined;
  readonly children: ComponentChildren;
}

function Labelled({ field, label, hint, error, children }: LabelledProps) {
  return (
    <div class="field">
      <label for={`new-${field}`}>{label}</label>
      {children}
      {hint !== "" && (
        <small id={`hint-${field}`} class="quiet">
          {hint}
        </small>
      )}
      {error?.field === field && (
        <small id={`error-${field}`} class="error">
          {error.message}
        </small>
      )}
    </div>
  );
}
