/** Shown if there are no templates: how to add one. */
export function Empty({ url, onAdd }: { url: string; onAdd: () => void }) {
  return (
    <section class="empty" aria-label="No templates">
      <h2>No templates yet</h2>
      <p>A template describes the processes to run. Add one here, or from a shell:</p>
      <pre tabIndex={0}>
        {`curl -d '{"name":"hello","cmd":"sh -c \\"while date; do sleep 1; done\\"","redirect_output":["out"]}' \\\n  ${url}/processes`}
      </pre>
      <button type="button" class="primary" onClick={onAdd}>
        New template
      </button>
    </section>
  );
}
