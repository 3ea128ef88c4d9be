"""How fast letters are made on one core, and with how much memory: `python -m tests.benchmarks.letters 10000`.

Each letter is another one: name, address, amounts and days differ. The templates that are shipped take turns in blocks,
as campaigns do. Printed at each tenth are letters a second by the clock and by the processor's time of both processes
(other work on the machine costs the one and hardly the other), and the memory of this process and of typst's. No letter
is kept. Not run by the test suite: a busy machine tells nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from sources.mailing.letters import (
    SHIPPED,
    Addressee,
    Amount,
    LetterData,
    Sender,
    ShippedTemplate,
    Template,
    Typesetter,
    read_template,
)

SENDER = Sender(
    name="Konference po telefonu s.r.o.",
    street="Na Příkladu 2240/7",
    city="Praha 4",
    postal_code="140 00",
    phone="+420 222 333 444",
    email="podpora@konference.example",
    facts=("Zapsáno v obchodním rejstříku u Městského soudu v Praze, oddíl C, vložka 0", "IČO 04170415"),
    signatory="Ing. Kateřina Dvořáková",
)
NAMES = ("Novák", "Svobodová", "Dvořák", "Černá", "Žďárský", "Kučerová", "Říha", "Šťastná")
TICKS = os.sysconf("SC_CLK_TCK")


def letter(number: int, lot: random.Random) -> LetterData:
    recipient = Addressee(
        f"{lot.choice(NAMES)} & synové č. {number}, s.r.o.",
        f"Křížíkova {lot.randint(1, 300)}/{lot.randint(1, 40)}",
        lot.choice(("Praha 8", "Brno", "Žďár nad Sázavou", "Ústí nad Labem")),
        f"{lot.randint(100, 799)} {lot.randint(0, 99):02}",
    )
    price = Decimal(lot.randint(5000, 30000)) / 10000
    values = {
        "contract": f"SM-{lot.randint(2015, 2026)}-{number:05}",
        "valid_from": date(2027, 1, 1) + timedelta(days=lot.randint(0, 60)),
        "old_price": Amount(price, "CZK"),
        "new_price": Amount(price + 1, "CZK"),
        "reason": "Důvodem jsou vyšší ceny propojení, které nám účtují operátoři v zahraničí.",
        "invoice": f"2026{number:06}",
        "total": Amount(price * 1000, "CZK"),
        "due_date": "2026-12-14",
        "period": "říjen 2026",
        "year": "2027",
    }
    return LetterData(recipient, date(2026, 11, 24), SENDER, values)


def template_of(shipped: ShippedTemplate, typesetter: Typesetter) -> Template:
    template = read_template(shipped.body, shipped.fields, language=shipped.language, typesetter=typesetter)
    assert isinstance(template, Template), template
    return template


def memory(pid: int) -> float:
    """MB that are in memory."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measured(letters: int) -> None:
    lot = random.Random(417)
    with Typesetter() as typesetter:
        templates = [template_of(shipped, typesetter) for shipped in SHIPPED]
        process = typesetter._process
        assert process is not None
        pids = (os.getpid(), process.pid)
        block = max(1, letters // 10)
        for start in range(0, letters, block):
            template = templates[start // block % len(templates)]
            began, worked = time.perf_counter(), sum(map(processor_seconds, pids))
            for number in range(start, start + block):
                template.render(letter(number, lot))
            by_clock = block / (time.perf_counter() - began)
            by_processor = block / max(0.01, sum(map(processor_seconds, pids)) - worked)
            here, there = map(memory, pids)
            print(
                f"{start + block:>7} letters: {by_clock:6.1f}/s by the clock, {by_processor:6.1f}/s of a processor;"
                f" {here:5.1f} MB here, {there:5.1f} MB in typst's process",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("letters", type=int, nargs="?", default=10_000)
    measured(parser.parse_args().letters)


if __name__ == "__main__":
    main()
