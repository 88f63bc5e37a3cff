import { html, type Html, inline, join, nothing, paragraphs } from "./html.ts";
import { table } from "./page-table.ts";
import type {
  HeaderObject,
  JsonSchema,
  MediaTypeObject,
  OpenapiDocument,
  OperationObject,
  ParameterObject,
  Reference,
  ResponseObject,
} from "../operation/openapi-document.ts";
import { summaryOf, typeOf } from "./page-schema.ts";

type Components = OpenapiDocument["components"];

export interface RoutedOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

/** Renders the full description of an operation. */
export function renderOperation({ method, path, operation }: RoutedOperation, components: Components): Html {
  const { operationId: id, summary, description, parameters = [], requestBody, responses } = operation;
  const answers = resolved(responses, components);
  return html`<article id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title">
      <a href="#${id}"><span class="method">${method.toUpperCase()}</span> <code>${path}</code></a>
    </h3>
    <p class="summary">${summary}</p>
    ${description === undefined ? nothing : paragraphs(description)}
    ${(operation["x-codeSamples"] ?? []).map(({ source }) => renderCode(source, `Example of ${summary}`))}
    ${
      parameters.length === 0
        ? nothing
        : html`<h4>Parameters</h4>
            ${renderParameters(parameters)}`
    }
    ${
      requestBody === undefined
        ? nothing
        : html`<h4>Body</h4>
            ${paragraphs(requestBody.description ?? "")}${renderContent(requestBody.content)}`
    }
    <h4>Responses</h4>
    ${renderAnswers(
      answers.filter((each) => !isFailure(each)),
      components,
    )}
    <h4>Errors</h4>
    ${renderAnswers(answers.filter(isFailure), components)}
  </article> `;
}

/** Renders the responses of an operation briefly: errors only by status. */
export function renderStatuses({ operation }: RoutedOperation, components: Components): Html {
  const responses = resolved(operation.responses, components);
  const answers = responses.filter((each) => !isFailure(each));
  const failures = responses.filter(isFailure).map(([status]) => status);
  return html`${answers.map(
      ([status, { description, headers = {} }]) =>
        html`<p><b>${status}</b> ${inline(description)}</p>
          ${renderHeaders(headers, components)}`,
    )}
    <p class="type">Errors: ${failures.join(", ")}</p>`;
}

function renderParameters(parameters: readonly ParameterObject[]): Html {
  const rows = parameters.map(
    ({ name, in: place, description, schema, examples }) =>
      html`<tr>
        <th scope="row"><code>${name}</code> <small>${place}</small></th>
        <td>
          ${summaryOf({ ...schema, description })}
          <p class="type">
            Examples:
            ${join(
              Object.values(examples).map(({ value }) => html`<code>${String(value)}</code>`),
              ", ",
            )}
          </p>
        </td>
      </tr>`,
  );
  return table(["Parameter", "Description"], rows);
}

function renderAnswers(answers: readonly (readonly [string, ResponseObject])[], components: Components): Html {
  if (answers.length === 0) return html`<p>None.</p>`;
  const rows = answers.map((answer) => {
    const [status, { description, headers = {}, content = {} }] = answer;
    return html`<tr>
      <th scope="row">${status}</th>
      <td>
        ${paragraphs(description)} ${renderHeaders(headers, components)}
        ${isFailure(answer) ? nothing : renderContent(content)}
      </td>
    </tr>`;
  });
  return table(["Status", "Description"], rows, "statuses");
}

function renderHeaders(headers: NonNullable<ResponseObject["headers"]>, components: Components): Html {
  const items = Object.entries(headers).map(([name, header]) => {
    const { description, schema } = resolve<HeaderObject>(header, components.headers);
    return html`<li>
      <code>${name}</code> <small>header</small>: ${inline(description)} <span class="type">${typeOf(schema)}</span>
    </li>`;
  });
  return items.length === 0
    ? nothing
    : html`<ul>
        ${items}
      </ul>`;
}

function renderContent(content: Readonly<Record<string, MediaTypeObject>>): Html {
  const items = Object.entries(content).map(([type, media]) => {
    const { description } = media.schema;
    const example = media.example;
    return html`<li>
      <code>${type}</code>:
      ${typeOf(media.schema)}${
        typeof description === "string" ? html` ${inline(description)}` : nothing
      }${renderEvents(media["x-event-data"])}${
        example === undefined ? nothing : renderCode(toText(example), `Example of ${type}`)
      }
    </li>`;
  });
  return html`<ul class="content">
    ${items}
  </ul>`;
}

/** Renders the schema of the data of each event. */
function renderEvents(events: Readonly<Record<string, JsonSchema>> | undefined): Html {
  if (events === undefined) return nothing;
  return html`<ul>
    ${Object.entries(events).map(
      ([event, schema]) =>
        html`<li>${event === "*" ? html`other events` : html`event <code>${event}</code>`}: ${typeOf(schema)}</li>`,
    )}
  </ul>`;
}

/** Focusable, so that long lines can be scrolled with the keyboard. */
function renderCode(text: string, name: string): Html {
  return html`<pre tabindex="0" role="region" aria-label="${name}"><code>${text}</code></pre>`;
}

function toText(example: unknown): string {
  return typeof example === "string" ? example.trimEnd() : JSON.stringify(example, null, 2);
}

function isFailure([status]: readonly [string, ResponseObject]): boolean {
  return Number(status) >= 400;
}

function resolved(responses: OperationObject["responses"], components: Components): [string, ResponseObject][] {
  return Object.entries(responses).map(([status, response]) => [
    status,
    resolve<ResponseObject>(response, components.responses),
  ]);
}

function resolve<Value extends object>(value: Value | Reference, known: Readonly<Record<string, Value>>): Value {
  if (!("$ref" in value)) return value;
  const found = known[value.$ref.slice(value.$ref.lastIndexOf("/") + 1)];
  if (found === undefined) throw new Error(`the document has no ${value.$ref}`);
  return found;
}
