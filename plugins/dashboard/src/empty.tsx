/** What to do when there is no template. */
export function Empty({ url, onAdd }: { url: string; onAdd: () => void }) {
  return (
    <section class="empty" aria-label="No templates">
      <h2>Nothing to run yet</h2>
      <p>A template says what to run. Add one here, or from a shell:</p>
      <pre tabIndex={0}>
        {`curl -d '{"name":"hello","cmd":"sh -c \\"while date; do sleep 1; done\\"","redirect_output":["out"]}' \\\n  ${url}/processes`}
      </pre>
      <button type="button" class="primary" onClick={onAdd}>
        New template
      </button>
    </section>
  );
}
