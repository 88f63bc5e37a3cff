import type { DetailDocument } from "gafferd/client";
import { Dialog } from "./dialog.tsx";
import { plural } from "../format.ts";

interface RemoveDialogProps {
  readonly template: DetailDocument;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

export function RemoveDialog({ template: { name, processes }, onClose, onConfirm }: RemoveDialogProps) {
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose}>
      <p>
        {processes.length === 0 ? "This" : `This stops ${plural(processes.length, "process", "processes")} and`} deletes
        the output and the history of the template.
      </p>
      <footer>
        <button type="button" autofocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="danger" onClick={onConfirm}>
          Remove
        </button>
      </footer>
    </Dialog>
  );
}
