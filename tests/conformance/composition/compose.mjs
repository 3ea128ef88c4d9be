// Composes the subgraphs given as JSON on stdin with both reference composers; prints what each says as JSON.
// in:  [{"case": name, "subgraphs": [{"name", "url", "sdl"}]}]
// out: [{"case": name, "apollo": Answer, "guild": Answer}]   Answer: {"supergraph": SDL} or {"errors": [{"code", "message"}]}
import { readFileSync } from "node:fs";
import { composeServices as composeWithApollo } from "@apollo/composition";
import { composeServices as composeWithGuild } from "@theguild/federation-composition";
import { parse } from "graphql";

const problem = (error) => ({ code: error.extensions?.code ?? "NO_CODE", message: error.message });

function answer(compose, subgraphs) {
  try {
    const result = compose(subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
    const errors = result.errors ?? [];
    if (errors.length) return { errors: errors.map(problem) };
    return { supergraph: result.supergraphSdl, hints: (result.hints ?? []).map((hint) => hint.definition?.code ?? hint.code ?? "") };
  } catch (error) {
    return { errors: (error.causes ?? [error]).map(problem) };
  }
}

const cases = JSON.parse(readFileSync(0, "utf8"));
const answers = cases.map(({ case: name, subgraphs }) => ({
  case: name,
  apollo: answer(composeWithApollo, subgraphs),
  guild: answer(composeWithGuild, subgraphs),
}));
process.stdout.write(JSON.stringify(answers));
