import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE } from '../sources.js';
import { schemaFiles, textOf } from './schemas.js';

// npm run schema: writes the JSON Schemas of both configurations into docs/schema.

for (const { path, schema } of schemaFiles()) await writeFile(join(PACKAGE ?? '.', path), textOf(schema));
