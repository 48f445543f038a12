/** Reads passages with the site's Moby-Dick network, as the page's “Look inside” does with the network of a run. */
import { expose } from 'comlink';
import { createWasmBackend } from '../../../../kernels/wasm/index.js';
import {
  type TextInspection,
  type TextInspectionRequest,
  TextInspector,
} from '../../../../src/page/text/inspect-text.js';
import type { TextModel } from '../../../../src/page/text/text-writer.js';
import { modelOf } from './model.js';

const inspector = new TextInspector(() => createWasmBackend({ threads: 1 }));
let model: Promise<TextModel> | undefined;

async function load(address: string): Promise<TextModel> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The network could not be loaded: the server answers ${response.status}`);
  return modelOf(new Uint8Array(await response.arrayBuffer()));
}

export const reader = {
  /** See `TextInspector.inspect`. `address`: the absolute address of the network's file. */
  async look(address: string, request: TextInspectionRequest): Promise<TextInspection> {
    return inspector.inspect(await (model ??= load(address)), { step: 0 }, request);
  },
};

expose(reader);
