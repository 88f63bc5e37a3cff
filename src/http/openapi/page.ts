import { html, Html, nothing, paragraphs } from "./html.ts";
import { table } from "./page-table.ts";
import { headOptionsTag } from "./info.ts";
import type { JsonSchema, OpenapiDocument } from "../operation/openapi-document.ts";
import { type RoutedOperation, renderOperation, renderStatuses } from "./page-operation.ts";
import { propertiesOf, schemaAnchor, summaryOf } from "./page-schema.ts";
import { style } from "./page-style.ts";

/** A page, and a `Content-Security-Policy` that allows its style and nothing else. */
export interface Page {
  readonly html: string;
  readonly policy: string;
}

/** Renders the document as a self-contained static page without scripts, an operation or a schema per step. */
export function* renderPage(document: OpenapiDocument): Generator<void, Page> {
  const { info, tags, components } = document;
  const operations = operationsOf(document);
  const sections: Html[] = [];
  for (const { name, description } of tags) {
    const content = yield* renderTag(name, operations, components);
    sections.push(
      html`<section aria-labelledby="${name}">
        <h2 id="${name}"><a href="#${name}">${name}</a></h2>
        ${paragraphs(description)} ${content}
      </section>`,
    );
  }
  const schemas: Html[] = [];
  for (const [name, schema] of Object.entries(components.schemas)) {
    schemas.push(renderSchema(name, schema));
    yield;
  }
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${info.title} ${info.version}: HTTP API</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <nav aria-label="Operations and schemas">
          ${tags.map(({ name }) => renderTagLinks(name, operations))} ${renderSchemaLinks(components)}
        </nav>
        <main id="content">
          <h1>${info.title} <small>${info.version}</small></h1>
          ${paragraphs(info.description)}
          <p>The machine-readable version is <a href="/openapi.json">openapi.json</a>.</p>
          ${sections}
          <section aria-labelledby="schemas">
            <h2 id="schemas"><a href="#schemas">schemas</a></h2>
            ${schemas}
          </section>
        </main>
      </body>
    </html>`;
  const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
  return {
    html: page.text,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function renderSchemaLinks({ schemas }: OpenapiDocument["components"]): Html {
  return html`<h2><a href="#schemas">schemas</a></h2>
    <ul>
      ${Object.keys(schemas).map((name) => html`<li><a href="#${schemaAnchor(name)}">${name}</a></li>`)}
    </ul>`;
}

function renderSchema(name: string, schema: JsonSchema): Html {
  const id = schemaAnchor(name);
  const { description } = schema;
  return html`<article id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title"><a href="#${id}">${name}</a></h3>
    ${typeof description === "string" ? paragraphs(description) : nothing}
    ${"properties" in schema ? propertiesOf(schema) : summaryOf(schema)}
  </article>`;
}

function operationsOf({ paths }: OpenapiDocument): RoutedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

function renderTagLinks(tag: string, operations: readonly RoutedOperation[]): Html {
  const links = operations.filter(({ operation }) => tag !== headOptionsTag && operation.tags.includes(tag));
  return html`<h2><a href="#${tag}">${tag}</a></h2>
    <ul>
      ${links.map(
        ({ method, path, operation }) =>
          html`<li>
            <a href="#${operation.operationId}"
              ><span class="method">${method.toUpperCase()}</span> <code>${path}</code></a
            >
          </li>`,
      )}
    </ul> `;
}

function* renderTag(
  tag: string,
  operations: readonly RoutedOperation[],
  components: OpenapiDocument["components"],
): Generator<void, Html> {
  const members = operations.filter(({ operation }) => operation.tags.includes(tag));
  const rows: Html[] = [];
  for (const each of members) {
    rows.push(tag === headOptionsTag ? renderRow(each, components) : renderOperation(each, components));
    yield;
  }
  return tag === headOptionsTag ? table(["Method and path", "Responses"], rows) : html`${rows}`;
}

function renderRow(each: RoutedOperation, components: OpenapiDocument["components"]): Html {
  return html`<tr id="${each.operation.operationId}">
    <th scope="row"><span class="method">${each.method.toUpperCase()}</span> <code>${each.path}</code></th>
    <td>${renderStatuses(each, components)}</td>
  </tr>`;
}
