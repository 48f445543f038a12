// @ts-check
/**
 * Makes the jobs of the cells for assembly/cell-jobs.ts, and translates them and assembly/jobs.ts into TypeScript for the host:
 * the constants, and for each job an interface and a writer.
 */
import ts from 'typescript';

/**
 * @typedef {{ name: string, view: 'floats' | 'words', text: string }} Field
 * @typedef {{ name: string, kind: string, fields: Field[] }} Job
 */

/**
 * The jobs of the cells, as AssemblyScript: the operands of each operation, its numbers, the sizes in the shapes, and those of a chunk.
 * `table`: src/core/cell-operations.ts.
 *
 * @param {Pick<typeof import('../../src/core/cell-operations.js'), 'CELL_OPERANDS' | 'cellNumbers'>} table
 */
export function cellJobs({ CELL_OPERANDS, cellNumbers }) {
  const operations = /** @type {(keyof typeof CELL_OPERANDS)[]} */ (Object.keys(CELL_OPERANDS));
  const jobs = operations.map((operation) => {
    const operands = CELL_OPERANDS[operation];
    const letters = new Set(operands.flatMap(({ extents }) => extents.map(({ letter }) => letter)));
    const sizes = ['T', 'B', 'H'].filter((letter) => letters.has(letter));
    const fields = [
      ...operands.map(({ name }) => `  ${name}: usize;`),
      ...cellNumbers(operation).map((name) => `  ${name}: ${name === 'forgetBias' ? 'f32' : 'i32'};`),
      ...sizes.map((letter) => `  ${letter}: i32;`),
      '  /** Sequences in a chunk. */\n  rows: i32;',
      ...(letters.has('T') ? ['  /** Units in a chunk. */\n  columns: i32;'] : []),
    ];
    const name = operation[0].toUpperCase() + operation.slice(1);
    return `/** See \`${operation}\` in src/core/cell-operations.ts. */\n@unmanaged\nexport class ${name} {\n${fields.join('\n')}\n}\n`;
  });
  return jobs.join('\n');
}

/**
 * `source` is AssemblyScript, whose syntax is TypeScript's. Returns the translated text, and the constants by name.
 * Throws an Error that quotes what it cannot translate.
 *
 * @param {string} source
 */
export function translateJobs(source) {
  /** @type {Record<string, number>} */
  const constants = {};
  /** @type {Job[]} */
  const jobs = [];
  /** @type {string[]} */
  let kinds = [];
  /** @param {ts.Statement} statement */
  const translate = (statement) => {
    if (ts.isVariableStatement(statement)) {
      const [name, value] = statement.declarationList.declarations[0].getText().split(/(?:: \w+)? = /);
      constants[name] = Number(value);
      return `export const ${name} = ${value};`;
    }
    if (ts.isEnumDeclaration(statement)) {
      kinds = statement.members.map(({ name }) => name.getText());
      return statement.getText();
    }
    if (ts.isClassDeclaration(statement) && statement.name) {
      const name = statement.name.text;
      const fields = statement.members.map(fieldOf);
      jobs.push({ name, kind: name[0].toLowerCase() + name.slice(1), fields });
      return `export interface ${name} {\n${fields.map(({ text }) => text).join('\n')}\n}`;
    }
    throw new Error(`assembly/jobs.ts: neither a constant nor an enum nor a class: ${statement.getText()}`);
  };
  const { statements } = ts.createSourceFile('jobs.ts', source, ts.ScriptTarget.ESNext, true);
  const translated = statements.map((statement) => `${commentOf(statement)}${translate(statement)}`);
  if (jobs.map(({ kind }) => kind).join() !== kinds.join()) {
    throw new Error(`assembly/jobs.ts: the classes must be those of Kind, in its order: ${kinds.join(', ')}`);
  }
  const header = '/** Made from assembly/jobs.ts by build-jobs.mjs. */';
  return { constants, text: [header, ...translated, writerOf(jobs)].join('\n\n') + '\n' };
}

/**
 * Every field has 4 bytes, so that field n lies at byte 4·n of the job in both languages.
 *
 * @param {ts.ClassElement} member
 * @returns {Field}
 */
function fieldOf(member) {
  const type = ts.isPropertyDeclaration(member) ? member.type?.getText() : undefined;
  if (!member.name || !type || !['usize', 'i32', 'f32'].includes(type)) {
    throw new Error(`assembly/jobs.ts: a field must be usize, i32 or f32: ${member.getText()}`);
  }
  const name = member.name.getText();
  return { name, view: type === 'f32' ? 'floats' : 'words', text: `${commentOf(member)}  readonly ${name}: number;` };
}

/**
 * One assignment for each field: a loop over names takes 0.2 µs a job, more than the rest of its dispatch.
 *
 * @param {readonly Job[]} jobs
 */
function writerOf(jobs) {
  const most = Math.max(...jobs.map(({ fields }) => fields.length));
  const writers = jobs.map(({ name, kind, fields }) => {
    const names = fields.map((field) => field.name).join(', ');
    const writes = fields.map((field, n) => `    this.${field.view}[${n}] = ${field.name};\n`).join('');
    return `  ${kind}({ ${names} }: ${name}): Kind {\n${writes}    return Kind.${kind};\n  }`;
  });
  return `/** Writes the fields of the next job into the module's memory. Every writer returns the job's kind. */
export class JobWriter {
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;

  constructor({ buffer }: WebAssembly.Memory) {
    this.words = new Uint32Array(buffer, JOB, ${most});
    this.floats = new Float32Array(buffer, JOB, ${most});
  }

${writers.join('\n\n')}
}`;
}

/**
 * The documentation comment above a statement or a field, with its indentation; '' if there is none.
 *
 * @param {ts.Node} node
 */
function commentOf(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node).slice(-1);
  if (!comment) return '';
  return `${ts.isPropertyDeclaration(node) ? '  ' : ''}${comment.getText()}\n`;
}
