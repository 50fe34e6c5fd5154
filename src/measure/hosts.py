"""Which lines of the user's files take the time, and for what kind of work, from sampled stacks. Pure functions.

The line of a sample is the innermost project line on the stack. The frames that it calls determine the kind of work.
Each kind has a remedy (``report.answer``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..records import Cost, HostCost
from ..sandbox.protocol import HOOK_FILE, WAITING
from .samples import LEAST_MOMENTS, Frame, Thread

#: Lines with a smaller share of the time are left out, and there are at most this many.
LEAST_SHARE = 0.02
MOST_LINES = 12
_OURS = str(Path(__file__).resolve().parents[1]) + "/"
_INSTALLED = re.compile(r"/(?:site|dist)-packages/|/lib/python3")
_PACKAGE = re.compile(r"/(?:site|dist)-packages/([^/]+?)(?:\.py)?(?:/|$)")
#: Frames of wrappers between a call and the function that is called.
_WRAPPERS = re.compile(r"(?:^|\.)(?:\w*wrapper|error_handler|op_dispatch_handler|_\w+_factory|_run_op|<lambda>)$")
#: The patterns of each kind of work. The first one that matches any frame below the user's line decides.
_SIGNS: tuple[tuple[Cost, re.Pattern[str]], ...] = (
    (Cost.PREDICT, re.compile(r"(?:^|\.)(?:predict|predict_on_batch|evaluate)\|.*/(?:tf_)?keras/")),
    (Cost.FIT, re.compile(r"(?:^|\.)(?:fit|train_on_batch)\|.*/(?:tf_)?keras/")),
    (Cost.ENVIRONMENT, re.compile(r"\|.*/(?:gym|gymnasium|pettingzoo|dm_control|ale_py)/")),
    (Cost.DATA, re.compile(r"\|.*/tensorflow/python/data/|\|.*/(?:PIL|cv2|imageio|h5py|pandas)/")),
    (Cost.GRAPH, re.compile(r"\|.*/tensorflow/python/eager/polymorphic_function/")),
    (Cost.CONVERSION, re.compile(r"(?:^|\.)(?:numpy|_numpy|__array__|convert_to_eager_tensor)\|.*/tensorflow/python/")),
    (Cost.TENSORFLOW, re.compile(r"\|.*/(?:tensorflow|keras|tf_keras)/")),
    (Cost.NUMPY, re.compile(r"\|.*/numpy/")),
    (Cost.WAITING, re.compile(r"\|.*/(?:threading|queue|selectors|subprocess|multiprocessing/\w+)\.py$")),
    (Cost.LIBRARY, re.compile(r"\|.*(?:/(?:site|dist)-packages/|/lib/python3)")),
)


def find(threads: Sequence[Thread], root: str) -> tuple[HostCost, ...]:
    """The lines of files below ``root`` that take the time, the largest shares first; empty if there are few samples.

    Only one thread counts, the one that is in the project's files most often. That is the training loop's.
    """
    tallies = [_tally(thread, root) for thread in threads]
    if not tallies:
        return ()
    counted, moments = max(tallies, key=lambda each: sum(each[0].values()))
    if moments < LEAST_MOMENTS:
        return ()
    by_line = Counter[tuple[str, str, Cost]]()
    called: dict[tuple[str, str, Cost], Counter[str]] = {}
    for (place, function, kind, name), number in counted.items():
        by_line[place, function, kind] += number
        called.setdefault((place, function, kind), Counter())[name] += number
    costs = [
        HostCost(place, function, min(number / moments, 1.0), kind, called[place, function, kind].most_common(1)[0][0])
        for (place, function, kind), number in by_line.most_common(MOST_LINES)
    ]
    return tuple(cost for cost in costs if cost.share >= LEAST_SHARE)


def _tally(thread: Thread, root: str) -> tuple[Counter[tuple[str, str, Cost, str]], int]:
    """How often each line was the innermost project line, and the number of samples of the thread."""
    counted: Counter[tuple[str, str, Cost, str]] = Counter()
    waited = 0
    for stack in thread.stacks:
        if any(frame.file == HOOK_FILE and frame.name == WAITING for frame in stack):
            waited += 1
            continue
        at = max((at for at, frame in enumerate(stack) if is_users(frame.file, root)), default=None)
        if at is None:
            continue
        frame, below = stack[at], [each for each in stack[at + 1 :] if not _is_ours(each.file)]
        place = f"{frame.file[len(root.rstrip('/')) + 1 :]}:{frame.line}"
        counted[place, frame.name.rpartition(".")[2], *_work(below)] += 1
    return counted, len(thread.stacks) - waited


def is_users(file: str, root: str) -> bool:
    """Whether a file belongs to the project: below its root, not an installed package and not part of this tool."""
    inside = file.startswith(root.rstrip("/") + "/")
    return inside and not _INSTALLED.search(file) and not _is_ours(file)


def _is_ours(file: str) -> bool:
    return file == HOOK_FILE or file.startswith(_OURS)


def _work(below: Sequence[Frame]) -> tuple[Cost, str]:
    """The kind of work in the frames below a line, and the name of the function that the line calls."""
    if not below:
        return Cost.PYTHON, ""
    texts = [f"{frame.name}|{frame.file}" for frame in below]
    kind = next((kind for kind, sign in _SIGNS if any(sign.search(text) for text in texts)), Cost.PYTHON)
    sign = dict(_SIGNS).get(kind)
    telling = next((frame for frame in below if not _WRAPPERS.search(frame.name)), None)
    if kind in (Cost.PREDICT, Cost.FIT, Cost.CONVERSION, Cost.ENVIRONMENT) and sign is not None:
        telling = next((frame for frame in below if sign.search(f"{frame.name}|{frame.file}")), telling)
    if telling is None:
        return kind, ""
    package = _PACKAGE.search(telling.file)
    name = telling.name.rpartition(".")[2]
    return kind, f"{package[1]}: {name}" if package else name
