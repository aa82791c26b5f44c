"""``python -m tests.exercises.told TOPIC [EXERCISE]``: what each collected wrong answer is told."""

import sys

from lab.exercises import sheets
from lab.exercises.judge import judge
from lab.exercises.record import solutions

topic, *chosen = sys.argv[1:]
for name, one in solutions(sheets.find(topic).file.parent).items():
    if chosen and name not in chosen:
        continue
    for number, wrong in enumerate(one.wrong):
        found = judge(one, wrong.answer)
        if found is None or found.passes:
            print(f"{name}[{number}]: PASSES")
            continue
        said = " | ".join(found.mistake) if found.mistake else found.reason
        mark = " " if wrong.diagnosis.lower() in said.lower() else "!"
        print(f"{mark} {name}[{number}] {wrong.diagnosis or '-'}: {found.verdict}, {said}")
