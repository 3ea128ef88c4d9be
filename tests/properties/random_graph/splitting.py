"""Who knows what: the types spread over subgraphs so that each field can be had from wherever its object is met.

A  homes    the subgraphs that resolve an entity, connected by keys; a weak one more, by a key that may be null
B  fields   each to one of the homes, or @shareable to several; root fields to anybody
C  know     whoever names a type has it: a value whole, an entity by a key at least, an abstract type with some members
"""

import random
import re
from collections.abc import Iterable, Iterator

from tests.properties.random_graph.model import FieldModel, Part, Terms, TypeModel

__all__ = ["Split", "Splitting", "own_words", "words"]


class Split:
    """The parts of each subgraph, and what can be asked of them all."""

    def __init__(self, names: list[str], types: dict[str, TypeModel]) -> None:
        self.names = names
        self.types = types
        self.parts: dict[str, dict[str, Part]] = {name: {} for name in names}
        self.homes: dict[str, list[str]] = {}
        self.lent: set[tuple[str, str, str]] = set()  # subgraph, type, field: what it may provide of others'
        self.weak: dict[str, str] = {}  # of an entity: the subgraph that has it by `ref` alone

    def part(self, home: str, of: TypeModel) -> Part:
        """What `home` says of the type; it does from now on."""
        return self.parts[home].setdefault(of.name, Part())

    def owns(self, home: str, of: TypeModel, declared: FieldModel) -> bool:
        """Whether `home` resolves the field."""
        part = self.parts[home].get(of.name)
        return part is not None and part.owns(declared.name)

    def owners(self, type_name: str, field_name: str) -> list[str]:
        """Of a field: all that resolve it."""
        return [each for each in self.names if (p := self.parts[each].get(type_name)) and p.owns(field_name)]

    def members(self, home: str, of: TypeModel) -> list[str]:
        """Of an abstract type: what `home` knows of it."""
        return self.parts[home][of.name].members if of.name in self.parts[home] else []

    def terms(self) -> Iterator[tuple[str, TypeModel, Part, str, Terms]]:
        """Every field of every part: subgraph, type, part, name of the field, terms."""
        for home, parts in self.parts.items():
            for name, part in parts.items():
                for field_name, terms in list(part.fields.items()):
                    yield home, self.types[name], part, field_name, terms


class Splitting:
    """Makes a Split of the types."""

    def __init__(self, rng: random.Random, types: dict[str, TypeModel]) -> None:
        self.rng = rng
        self.types = types
        self.split = Split([f"s{number}" for number in range(rng.randint(2, 4))], types)
        self.names = self.split.names

    def run(self) -> Split:
        """Every field has an owner, and is at least named wherever it must be."""
        entities = [each for each in self.types.values() if each.kind == "entity"]
        for each in entities:
            self._settle(each)
        for each in entities:
            self._give_fields(each, self.split.homes[each.name])
        for root in ("Query", "Mutation"):
            self._give_root(self.types[root])
        while (lacking := next(self._unknown_members(), None)) is not None:
            home, of, member = lacking
            self.split.part(home, of).members.append(member)
            self.know(home, member)
        return self.split

    # A
    def _settle(self, entity: TypeModel) -> None:
        """The subgraphs that resolve the entity, each with keys; one key in common where they would be cut apart."""
        homes = self.rng.sample(self.names, self.rng.choice([1, *range(2, len(self.names) + 1), len(self.names)]))
        if entity.is_weak and len(homes) == len(self.names):
            homes.pop()
        self.split.homes[entity.name] = homes
        chosen = {home: self.rng.sample(entity.keys, self.rng.randint(1, len(entity.keys))) for home in homes}
        if not _connected(list(chosen.values())):
            for keys in chosen.values():
                if entity.keys[0] not in keys:
                    keys.append(entity.keys[0])
        if entity.is_weak:
            others = [each for each in self.names if each not in homes]
            chosen[homes[0]] = ["ref", *chosen[homes[0]]]
            chosen[self.rng.choice(others)] = ["ref"]
            self.split.weak[entity.name] = list(chosen)[-1]
        for home, keys in chosen.items():
            part = self.split.part(home, entity)
            for key in keys:
                part.keys.append(key)
                self._know_key(home, entity, key)

    def _know_key(self, home: str, entity: TypeModel, key: str) -> None:
        """Declares the fields of a key in a subgraph, the nested ones too."""
        on, below, last = entity, [], ""
        part = self.split.part(home, entity)
        for word in key.replace("{", " { ").replace("}", " } ").split():
            if word == "{":
                below.append((on, part))
                on = self.types[last]
                self._stub(home, on, key=key[key.index("{") + 1 : key.rindex("}")].strip())
                part = self.split.part(home, on)
            elif word == "}":
                on, part = below.pop()
            else:
                last = on.fields[word].named
                if not part.owns(word):
                    part.fields[word] = Terms(shareable=on is not entity and word not in own_words(on.keys))

    # B
    def _give_fields(self, entity: TypeModel, homes: list[str]) -> None:
        for declared in entity.fields.values():
            if any(self.split.owns(home, entity, declared) for home in homes):  # a key's field
                continue
            if declared.weak:
                self._own(self.split.weak[entity.name], entity, declared)
                continue
            if self.types.get(declared.named, entity).kind == "split":
                self._split_value(entity, declared, homes)
                continue
            sharing = len(homes) > 1 and not declared.computed and self.rng.random() < 0.25
            owners = self.rng.sample(homes, self.rng.randint(2, len(homes))) if sharing else [self.rng.choice(homes)]
            for home in owners:
                self._own(home, entity, declared, shareable=sharing)

    def _split_value(self, on: TypeModel, declared: FieldModel, homes: list[str]) -> None:
        """Each home knows some of the value's fields, together they know all."""
        of = self.types[declared.named]
        for home in homes:
            self.split.part(home, on).fields[declared.name] = Terms(shareable=True)
            self.split.part(home, of).shareable = True
        for each in of.fields:
            for home in self.rng.sample(homes, self.rng.randint(1, len(homes))):
                self.split.part(home, of).fields[each] = Terms()
        for home in homes:
            if not self.split.part(home, of).fields:
                self.split.part(home, of).fields[next(iter(of.fields))] = Terms()

    def _own(self, home: str, of: TypeModel, declared: FieldModel, *, shareable: bool = False) -> None:
        self.split.part(home, of).fields[declared.name] = Terms(shareable=shareable)
        self.know(home, declared.named)

    def _give_root(self, root: TypeModel) -> None:
        for declared in root.fields.values():
            if self.types[declared.named].kind == "split":
                self._split_value(root, declared, self.rng.sample(self.names, self.rng.randint(2, len(self.names))))
                continue
            sharing = self.rng.random() < 0.25
            owners = self.rng.sample(self.names, 2) if sharing else [self.rng.choice(self.names)]
            for home in owners:
                self._own(home, root, declared, shareable=sharing)

    # C
    def know(self, home: str, name: str) -> None:
        """Makes sure that the subgraph has the type: entities at least as a stub with a key."""
        of = self.types.get(name)
        if of is None:
            return
        match of.kind:
            case "value":
                if name not in self.split.parts[home]:
                    part = self.split.part(home, of)
                    for declared in of.fields.values():
                        part.fields[declared.name] = Terms()
                        self.know(home, declared.named)
            case "entity":
                self._stub(home, of)
            case _ if name not in self.split.parts[home]:
                self._know_abstract(home, of)

    def _know_abstract(self, home: str, of: TypeModel) -> None:
        """With all members or some; the first is known to everybody, so that there is something in common."""
        part = self.split.part(home, of)
        others = of.members[1:]
        if others and self.rng.random() < 0.35:
            others = self.rng.sample(others, self.rng.randint(0, len(others) - 1))
        part.members = [of.members[0], *others]
        if of.kind == "interface":
            for each in self.rng.sample(list(of.fields), self.rng.randint(1, len(of.fields))):
                part.fields[each] = Terms()
                self.know(home, of.fields[each].named)
        for member in part.members:
            self.know(home, member)

    def _unknown_members(self) -> Iterator[tuple[str, TypeModel, str]]:
        """Members of a known abstract type that no subgraph has in it: in the supergraph they would be none."""
        for of in self.types.values():
            homes = [each for each in self.names if of.name in self.split.parts[each]]
            known = {member for each in homes for member in self.split.members(each, of)}
            yield from ((homes[0], of, member) for member in of.members if homes and member not in known)

    def _stub(self, home: str, of: TypeModel, *, key: str | None = None) -> None:
        part = self.split.part(home, of)
        if part.keys:
            return
        usable = [k for k in of.keys if any(k in self.split.part(h, of).keys for h in self.split.homes[of.name])]
        chosen = key if key in usable else self.rng.choice(usable)
        part.keys.append(chosen)
        part.unresolvable = self.rng.random() < 0.7
        self._know_key(home, of, chosen)


def _connected(sets: list[list[str]]) -> bool:
    reached, left = set(sets[0]), sets[1:]
    while more := [each for each in left if reached & set(each)]:
        reached.update(*more)
        left = [each for each in left if each not in more]
    return not left


def words(texts: Iterable[str]) -> set[str]:
    """The fields that are named in field sets, at any depth."""
    return {word for text in texts for word in text.replace("{", " ").replace("}", " ").split()}


def own_words(keys: Iterable[str]) -> set[str]:
    """The words of the keys without what is in their braces, which is of other types."""
    texts = list(keys)
    while any("{" in text for text in texts):
        texts = [re.sub(r"\{[^{}]*\}", " ", text) for text in texts]
    return words(texts)
