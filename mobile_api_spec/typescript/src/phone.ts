/**
 * A phone that works without a signal: what it was told and what was done on it is in its storage before anything else happens, so it may be
 * killed at any moment. `pull` fetches what changed, `push` brings what was done; each may be repeated, whole or in part.
 */

import type { Readable } from "openapi-typescript-helpers";
import { answerOf, type Api } from "./client.js";
import { newId, sha256 } from "./ids.js";
import type { Fetch } from "./line.js";
import type { components } from "./spec.js";
import { NotTaken, uploadByForm } from "./upload.js";

type Schemas = components["schemas"];
export type Operation = Schemas["Operation"];
export type PhotoOperation = Schemas["PhotoOperation"];
export type Outcome = Schemas["OperationOut"];
export type FieldTask = Readable<Schemas["FieldTaskOut"]>; // as the client reads it
export type Checklist = Readable<Schemas["ChecklistOut"]>;
export type Side = Schemas["SubmissionOperation"]["side"];
/** What the app says of an operation; the phone adds the rest. */
export type Deed = Operation extends infer O ? (O extends Operation ? Omit<O, "id" | "at" | "base_version"> : never) : never;
export type Shot = Omit<Schemas["PhotoIn"], "id" | "dimension" | "sha256" | "size">;

export interface Saved {
  cursor?: string;
  tasks: Record<string, FieldTask>;
  /** By name; a version never changes. */
  checklists: Record<string, Checklist>;
  /** What has no outcome that stays. */
  outbox: Operation[];
  /** Announcements of photos that are not known to have arrived, by the photo's id. */
  uploads: Record<string, PhotoOperation>;
  /** What became of operations, by their id: show what is `held`, `conflict`, `refused` or `merged`. */
  outcomes: Record<string, Outcome>;
}

/** On the phone's disk, encrypted. What was written is there after the app was killed. */
export interface Storage {
  read(): Promise<Saved | undefined>;
  write(saved: Saved): Promise<void>;
  file(id: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  keepFile(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  dropFile(id: string): Promise<void>;
}

const BATCH = 100;
const STAYS = new Set<Outcome["outcome"]>(["applied", "merged", "refused", "conflict", "discarded", "superseded"]);

export class Phone {
  private constructor(
    private readonly api: Api,
    private readonly send: Fetch,
    private readonly storage: Storage,
    private readonly deviceId: string,
    readonly saved: Saved,
  ) {}

  /** Goes on where the phone was. `send` is for files: they go straight to the storage, without a token. */
  static async open(api: Api, send: Fetch, storage: Storage, deviceId: string): Promise<Phone> {
    const saved = (await storage.read()) ?? { tasks: {}, checklists: {}, outbox: [], uploads: {}, outcomes: {} };
    return new Phone(api, send, storage, deviceId, saved);
  }

  /** Write down what was done. It names the version of the task that was on the screen. */
  async does(deed: Deed): Promise<Operation> {
    const operation: Operation = { ...this.stamp(deed.task_id), ...deed };
    this.saved.outbox.push(operation);
    await this.storage.write(this.saved);
    return operation;
  }

  /** Keep a photo and announce it. Returns its id, for a submission to name. */
  async photographs(taskId: string, side: Side, bytes: Uint8Array<ArrayBuffer>, shot: Shot): Promise<string> {
    const id = newId();
    await this.storage.keepFile(id, bytes);
    const payload = { ...shot, id, dimension: side, sha256: await sha256(bytes), size: bytes.length };
    const operation: PhotoOperation = { ...this.stamp(taskId), kind: "photo", task_id: taskId, payload };
    this.saved.outbox.push(operation);
    this.saved.uploads[id] = operation;
    await this.storage.write(this.saved);
    return id;
  }

  /** Fetch what changed, page by page; a break between two pages loses nothing. */
  async pull(): Promise<void> {
    for (let more = true; more; ) {
      const query = this.saved.cursor === undefined ? {} : { cursor: this.saved.cursor };
      const page = await answerOf(this.api.GET("/v1/sync", { params: { query } }));
      if (page.reset) this.saved.tasks = {};
      for (const task of page.tasks) await this.learns(task);
      for (const one of page.checklists) this.saved.checklists[one.name] = one;
      for (const id of page.gone) delete this.saved.tasks[id];
      this.saved.cursor = page.next_cursor;
      more = page.more;
      await this.storage.write(this.saved);
    }
  }

  /**
   * Bring what was done, then the photos that have not arrived. Returns what became of each operation that was sent. Throws NoLine, or an
   * AggregateError of NotTaken where the storage refused photos; either way the next push goes on.
   */
  async push(): Promise<Outcome[]> {
    const waiting = this.waiting();
    const outcomes: Outcome[] = [];
    for (let start = 0; start < waiting.length; start += BATCH) {
      outcomes.push(...(await this.brings(waiting.slice(start, start + BATCH))));
    }
    await this.uploadsAll(outcomes);
    return outcomes;
  }

  private async brings(operations: Operation[]): Promise<Outcome[]> {
    const body = { device_id: this.deviceId, sent_at: new Date().toISOString(), operations };
    const { results } = await answerOf(this.api.POST("/v1/sync", { body }));
    for (const one of results) this.saved.outcomes[one.id] = one;
    const settled = new Set(results.filter((one) => STAYS.has(one.outcome)).map((one) => one.id));
    this.saved.outbox = this.saved.outbox.filter((one) => !settled.has(one.id));
    for (const one of results) if (one.outcome === "refused") await this.forgetsUpload(one.id);
    await this.storage.write(this.saved);
    return results;
  }

  /** What has no outcome that stays, and the announcement of each photo that is not known to have arrived: it gives a new leave. */
  private waiting(): Operation[] {
    const unsent = new Set(this.saved.outbox.map((one) => one.id));
    const again = Object.values(this.saved.uploads).filter((one) => !unsent.has(one.id));
    return [...this.saved.outbox, ...again];
  }

  private stamp(taskId: string): Pick<Operation, "id" | "at" | "base_version"> {
    const known = this.saved.tasks[taskId];
    const base = known === undefined ? {} : { base_version: known.task.version };
    return { id: newId(), at: new Date().toISOString(), ...base };
  }

  /** What comes again and is older than what the phone has is ignored; the same version may bring new evidence. */
  private async learns(task: FieldTask): Promise<void> {
    const known = this.saved.tasks[task.task.id];
    if (known === undefined || task.task.version >= known.task.version) this.saved.tasks[task.task.id] = task;
    for (const photo of task.photos) if (photo.state !== "expected") await this.forgetsPhoto(photo.id);
  }

  /** One photo that is not taken keeps no other from arriving. */
  private async uploadsAll(outcomes: Outcome[]): Promise<void> {
    const notTaken: NotTaken[] = [];
    for (const { id, upload } of outcomes) {
      if (upload === undefined) continue;
      await this.uploads(id, upload).catch((error: unknown) => {
        if (!(error instanceof NotTaken)) throw error;
        notTaken.push(error);
      });
    }
    if (notTaken.length > 0) throw new AggregateError(notTaken, "photos that were not taken");
  }

  private async uploads(operationId: string, leave: Schemas["UploadOut"]): Promise<void> {
    const photoId = this.photoOf(operationId);
    const bytes = photoId === undefined ? undefined : await this.storage.file(photoId);
    if (bytes !== undefined) await uploadByForm(this.send, leave, bytes);
  }

  private async forgetsUpload(operationId: string): Promise<void> {
    const photoId = this.photoOf(operationId);
    if (photoId !== undefined) await this.forgetsPhoto(photoId);
  }

  private async forgetsPhoto(id: string): Promise<void> {
    delete this.saved.uploads[id];
    await this.storage.dropFile(id);
  }

  private photoOf(operationId: string): string | undefined {
    return Object.entries(this.saved.uploads).find(([, one]) => one.id === operationId)?.[0];
  }
}

/** For tests and examples: everything is gone with the process, but not with the Phone. */
export class MemoryStorage implements Storage {
  private saved: string | undefined;
  private readonly files = new Map<string, Uint8Array<ArrayBuffer>>();

  async read(): Promise<Saved | undefined> {
    return this.saved === undefined ? undefined : (JSON.parse(this.saved) as Saved);
  }

  async write(saved: Saved): Promise<void> {
    this.saved = JSON.stringify(saved);
  }

  async file(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.files.get(id);
  }

  async keepFile(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.files.set(id, bytes);
  }

  async dropFile(id: string): Promise<void> {
    this.files.delete(id);
  }
}
