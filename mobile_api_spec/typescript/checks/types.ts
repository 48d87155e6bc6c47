/**
 * What must not compile: each line below is wrong in a way that the generated types know of. A line that would compile after all fails the
 * compiler, for then nothing is expected that comes.
 */

import type { Api, Problem } from "../src/client.js";
import type { Deed, FieldTask } from "../src/phone.js";

const at = "2026-03-02T09:30:00.000+08:00";
const params = { path: { task_id: "t-1", side: "safety" as const } };

export function misuses(api: Api, problem: Problem, known: FieldTask): unknown[] {
  const deeds: Deed[] = [
    // @ts-expect-error an operation of a kind that there is not
    { kind: "teleport", task_id: "t-1" },
    // @ts-expect-error the payload of another kind
    { kind: "retest", task_id: "t-1", payload: { note: "已处置" } },
    // @ts-expect-error a submission without its side
    { kind: "submission", task_id: "t-1", payload: { note: "已处置" } },
    // @ts-expect-error the park does not know this field
    { kind: "rectification", task_id: "t-1", payload: { id: "x", text: "已整改", at } },
  ];
  return [
    deeds,
    // @ts-expect-error a path that there is not
    api.GET("/v1/task"),
    // @ts-expect-error the energy side has no submission
    api.POST("/v1/tasks/{task_id}/sides/{side}/submission", { params: { path: { task_id: "t-1", side: "energy" } }, body: { note: "x" } }),
    // @ts-expect-error a verdict without the revision that it judges
    api.POST("/v1/tasks/{task_id}/sides/{side}/verdict", { params, body: { verdict: "passed" } }),
    // @ts-expect-error only some problems say what is missing
    problem.missing,
    // @ts-expect-error a problem that there is not
    problem.code === "teapot",
    // @ts-expect-error a task that was not raised by a warning has no why-card
    known.why.title,
  ];
}
