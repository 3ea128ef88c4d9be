// One reference planner, told what to do by plan.mjs: {"supergraph": SDL}, then {"query": text}; answers {"counts", "sent"}.
import { operationFromDocument, Supergraph } from "@apollo/federation-internals";
import { QueryPlanner as ApollosPlanner } from "@apollo/query-planner";
import { QueryPlanner as HivesPlanner } from "@graphql-hive/router-query-planner";
import { parse } from "graphql";

const NO_LABELS = new Set();
const NEVER = 100; // the draw that activates no percent(...) label

const planners = {
  hive(sdl) {
    const planner = new HivesPlanner(sdl);
    return (query) => planner.plan(query, null, NO_LABELS, NEVER);
  },
  apollo(sdl) {
    const supergraph = Supergraph.build(sdl, { supportedFeatures: null }); // who may see what is not planning
    const planner = new ApollosPlanner(supergraph);
    return (query) => planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), parse(query)));
  },
};

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** [requests, depth] of a plan's node. */
function counted(node) {
  switch (node?.kind) {
    case undefined:
      return [0, 0];
    case "Fetch":
    case "BatchFetch":
      return [1, 1];
    case "Flatten":
      return counted(node.node);
    case "Condition":
      return counted(node.ifClause ?? node.elseClause);
    case "Sequence":
    case "Parallel": {
      const inner = node.nodes.map(counted);
      const depths = inner.map(([, depth]) => depth);
      return [sum(inner.map(([requests]) => requests)), node.kind === "Sequence" ? sum(depths) : Math.max(0, ...depths)];
    }
    default:
      throw new Error(`a plan's node of kind ${node.kind} is not counted`);
  }
}

/** [subgraph, operation] of every request of a plan's node. */
function sent(node) {
  if (node?.kind === "Fetch" || node?.kind === "BatchFetch") return [[node.serviceName, String(node.operation)]];
  const inner = [node?.node, node?.ifClause ?? node?.elseClause, ...(node?.nodes ?? [])];
  return inner.filter(Boolean).flatMap(sent);
}

let plan;
process.on("message", ({ supergraph, query }) => {
  try {
    if (supergraph !== undefined) {
      plan = planners[process.argv[2]](supergraph);
      process.send({ counts: [0, 0], sent: [] });
      return;
    }
    const planned = plan(query);
    if (process.env.PLAN_SHOWN) process.stderr.write(`${process.argv[2]} ${JSON.stringify(planned, null, 1)}\n`);
    process.send({ counts: counted(planned.node), sent: sent(planned.node) });
  } catch (error) {
    if (process.env.PLAN_SHOWN) process.stderr.write(`${process.argv[2]} ${error}\n`);
    process.send({ counts: null });
  }
});
