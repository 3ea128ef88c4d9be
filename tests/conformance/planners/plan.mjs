// Plans queries with both reference planners, and says of each plan how many requests it sends and how deep they wait.
// Each line of stdin is a case, and gives a line of stdout, in any order:
// in:  {"case": name, "supergraph": SDL, "queries": [document with one operation]}
// out: {"case": name, "hive": [Answer], "apollo": [Answer]}   
//      Answer: {"counts": [requests, depth], "sent": [[subgraph, operation]]}, or null for no plan in time
// Each planner runs in a process of its own, for a native one that never comes back can't be stopped otherwise.
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PLANNERS = ["hive", "apollo"];
const MILLISECONDS = Number(process.env.PLAN_MILLISECONDS ?? 2000); // for one query
const TO_READ = 30000; // for a supergraph, and for node to start

class Planner {
  constructor(name) {
    this.name = name;
  }

  async read(supergraph) {
    this.supergraph = supergraph;
    return this.tell({ supergraph }, TO_READ);
  }

  /** The answer, or null: no plan, or none in time. Then the next query finds a process that begins anew. */
  async plan(query) {
    if (!this.child && (await this.read(this.supergraph)) === null) return null;
    return this.tell({ query }, MILLISECONDS);
  }

  tell(message, milliseconds) {
    this.child ??= fork(fileURLToPath(new URL("planner.mjs", import.meta.url)), [this.name]);
    const child = this.child;
    return new Promise((resolve) => {
      const done = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      };
      const lost = () => {
        this.child = undefined;
        child.kill("SIGKILL");
        done(null);
      };
      const timer = setTimeout(lost, milliseconds);
      child.once("message", (answer) => done(answer.counts && answer));
      child.once("exit", lost);
      child.send(message);
    });
  }

  end() {
    this.child?.disconnect();
  }
}

async function all(planner, { supergraph, queries }) {
  if ((await planner.read(supergraph)) === null) return queries.map(() => null);
  const answers = [];
  for (const query of queries) answers.push(await planner.plan(query));
  return answers;
}

const planners = PLANNERS.map((name) => new Planner(name));
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answers = await Promise.all(planners.map((planner) => all(planner, asked)));
  const said = Object.fromEntries(PLANNERS.map((name, index) => [name, answers[index]]));
  process.stdout.write(`${JSON.stringify({ case: asked.case, ...said })}\n`);
}
planners.forEach((planner) => planner.end());
