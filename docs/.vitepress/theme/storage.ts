/** One entry of the browser's localStorage: an object, as JSON. Storage can be forbidden or full, and any program of this origin can write there. */
export type Stored = Readonly<Record<string, unknown>>;

export function storageEntry(key: string) {
  /** What is stored. `{}`: nothing, or nothing that is an object. */
  function read(): Stored {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
      return isObject(stored) ? stored : {};
    } catch {
      return {}; // storage is forbidden, or another program wrote there
    }
  }

  /** Returns whether it is stored. */
  const write = (all: Stored): boolean => succeeds(() => localStorage.setItem(key, JSON.stringify(all)));

  /** Returns whether it is forgotten. */
  const forget = (): boolean => succeeds(() => localStorage.removeItem(key));

  /** Calls `changed` when another tab has written. Returns a function that ends this. */
  function onOtherTabs(changed: () => void): () => void {
    const hear = ({ key: written }: StorageEvent): void => {
      if (written === key || written === null) changed();
    };
    addEventListener('storage', hear);
    return () => removeEventListener('storage', hear);
  }

  return { read, write, forget, onOtherTabs };
}

function succeeds(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

export const isObject = (value: unknown): value is Stored =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
