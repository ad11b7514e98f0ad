import type { Dates } from '../domain/age.js';
import type { Policy } from '../domain/policy.js';
import type { Commit } from '../domain/release.js';
import type { Layout } from './layout.js';
import { readOnce } from '../os/read-once.js';
import { readRecord, writeRecord } from './records.js';
import { datesFile, policyFile } from './schema-policy.js';

/** What a machine has read of the fleet's policy. */
export interface PolicyRecord {
  /** Where it was read: what another place says does not follow from it. */
  readonly source: string;
  /** The policy in force and its commit, and whether that was found to be signed; null: none could be read yet. */
  readonly followed: { readonly commit: Commit; readonly policy: Policy; readonly verified: boolean } | null;
  /** The newest commit that was read, whether its policy is followed or not. */
  readonly tried: Commit | null;
  /** By which files the signature of that commit was judged (`TrustFiles.mark`); null: by none. */
  readonly mark: string | null;
  /** Why a newer policy is not followed; or null. */
  readonly problem: string | null;
}

/** Reads it; null before the first time, and where it was lost: then it has to be read again. */
export async function readPolicyRecord({ policy }: Layout): Promise<PolicyRecord | null> {
  return readPolicyOf(policy);
}

const readPolicyOf = readOnce((path) => readRecord(path, policyFile));

/** Replaces it. Only a worker writes. */
export async function writePolicyRecord(layout: Layout, record: PolicyRecord): Promise<void> {
  await writeRecord(layout.policy, record);
}

/** Reads when releases were made; what was lost is found out again. */
export async function readDates({ dates }: Layout): Promise<Dates> {
  return (await readDatesOf(dates))?.dates ?? {};
}

const readDatesOf = readOnce((path) => readRecord(path, datesFile));

/** Replaces it. Only a worker writes. */
export async function writeDates(layout: Layout, dates: Dates): Promise<void> {
  await writeRecord(layout.dates, { dates });
}
