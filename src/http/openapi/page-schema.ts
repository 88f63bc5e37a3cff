import { html, Html, inline, join, nothing } from "./html.ts";
import { table } from "./page-table.ts";
import type { JsonSchema } from "../operation/openapi-document.ts";

const referencePrefix = "#/components/schemas/";

export const schemaAnchor = (name: string) => `schema-${name}`;

/** Renders the type of a value briefly: `integer, 0 or more`, `list of string`, `"a" or "b"`. */
export function typeOf(schema: JsonSchema): Html {
  const { $ref, type, items, properties, patternProperties, format } = schema;
  const either = schema["anyOf"] ?? schema["oneOf"];
  if (typeof $ref === "string") return linkTo($ref.slice(referencePrefix.length));
  if ("const" in schema) return literal(schema["const"]);
  if (Array.isArray(schema["enum"])) return join(schema["enum"].map(literal), " or ");
  if (Array.isArray(either)) return join((either as JsonSchema[]).map(typeOf), " or ");
  if (isSchema(items)) return html`list of ${typeOf(items)}`;
  if (isSchema(properties)) return inlineObject(properties);
  if (isSchema(patternProperties))
    return html`object of ${join(Object.values(patternProperties).map((each) => typeOf(each as JsonSchema)))}`;
  const name = Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "bytes";
  return html`${name}${typeof format === "string" ? html` (${format})` : nothing}${boundsOf(schema)}`;
}

/** Renders a table of the properties of an object; empty if the schema has none. */
export function propertiesOf({ properties, required }: JsonSchema): Html {
  if (!isSchema(properties)) return nothing;
  const needed = Array.isArray(required) ? required : [];
  const rows = Object.entries(properties).map(
    ([name, property]) =>
      html`<tr>
        <th scope="row"><code>${name}</code>${needed.includes(name) ? nothing : html` <small>optional</small>`}</th>
        <td>${summaryOf(property as JsonSchema)}</td>
      </tr>`,
  );
  return table(["Property", "Description"], rows);
}

/** Renders description, type and default. */
export function summaryOf(schema: JsonSchema): Html {
  const { description, title, default: byDefault } = schema;
  const choices = (schema["oneOf"] ?? []) as readonly JsonSchema[];
  const described = choices.filter((choice) => typeof choice["description"] === "string");
  return html`${typeof description === "string" ? html`<p>${inline(description)}</p>` : nothing}
    <p class="type">
      ${typeof title === "string" ? inline(title) : described.length > 0 ? html`one of:` : typeOf(schema)}${
        byDefault === undefined ? nothing : html`; default ${literal(byDefault)}`
      }
    </p>
    ${
      described.length === 0
        ? nothing
        : html`<ul>
            ${described.map((choice) => html`<li>${literal(choice["const"])} ${inline(String(choice["description"]))}</li>`)}
          </ul>`
    }`;
}

function linkTo(name: string): Html {
  return html`<a href="#${schemaAnchor(name)}">${name}</a>`;
}

function inlineObject(properties: JsonSchema): Html {
  const members = Object.entries(properties).map(
    ([name, property]) => html`<code>${name}</code>: ${typeOf(property as JsonSchema)}`,
  );
  return html`{ ${join(members, ", ")} }`;
}

function boundsOf({ minimum, maximum }: JsonSchema): Html {
  if (typeof minimum !== "number") return nothing;
  // The largest integer of JavaScript is not a limit that readers need to know.
  if (typeof maximum !== "number" || maximum === Number.MAX_SAFE_INTEGER) {
    return minimum === Number.MIN_SAFE_INTEGER ? nothing : html`, ${minimum} or more`;
  }
  return html`, ${minimum} to ${maximum}`;
}

function literal(value: unknown): Html {
  return html`<code>${JSON.stringify(value)}</code>`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
