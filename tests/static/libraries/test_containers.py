"""What the methods of Python's containers give and put in: all that a run can find is known."""

from __future__ import annotations

import pytest
from running import kinds, missed, strict

from hybridize.static.dataflow.calls import Calls
from hybridize.static.ir.program import Program
from hybridize.static.ir.solver import Node
from hybridize.static.ir.values import INTEGER
from hybridize.static.reading.imports import Resolver

CASES = {
    "lists": """
        a = [1]
        probe(1, a.append("s")); probe(2, a[0]); probe(3, a[-1]); probe(4, a.pop()); probe(5, [*a][0])
        b = [1]; b.insert(0, "s"); probe(6, b[0]); probe(7, b[1]); probe(8, b.pop(0))
        c = [1, "s", 1.5]; c.reverse(); probe(9, c[0]); probe(10, c.index("s")); probe(11, c.count(1))
        probe(12, c.copy()[0])
        d = [1]; d.extend(["s", None]); probe(13, d[1]); d.remove(1); probe(14, d[0]); probe(15, len(d))
        e = [3, 1.5]; probe(16, e.sort()); probe(17, e[0]); probe(18, e.clear())
        f = [1]; f += ["s"]; probe(19, f[1]); probe(20, (f + [1.5])[2]); probe(21, (f * 2)[3])
        g = [1, "s"]; del g[0]; probe(22, g[0]); g[:] = [None]; probe(23, g[0]); probe(24, [1, "s"][::-1][0])
        h = [[1], ["s"]]; h[0].append(None); probe(25, h[0][1]); probe(26, h[1][0])
        probe(27, [x for y in h for x in y][0])
        """,
    "dictionaries": """
        a = {"x": 1, "y": "s"}
        probe(1, a["x"]); probe(2, a.get("y")); probe(4, a.get("z", 1.5)); probe(5, a.pop("x"))
        b = {"x": 1}; b["y"] = "s"; b.update(z=1.5); b.update({"w": None}); b.update([("v", "s")])
        probe(6, b["y"]); probe(7, b["z"]); probe(8, b["w"]); probe(9, b["v"]); key = "x" if choose() else "z"
        probe(10, b[key]); probe(11, list(b)[0]); probe(12, list(b.keys())[0]); probe(13, list(b.values())[1])
        probe(14, list(b.items())[0]); probe(15, list(b.items())[1][1]); probe(16, [v for k, v in b.items()][0])
        c = {"x": 1}; probe(17, c.setdefault("x", "s")); probe(18, c.setdefault("y", "s")); probe(19, c["y"])
        d = {"x": 1}; probe(20, d.popitem()); probe(21, d.copy().get("x", "s"))
        e = {1: "s", None: 1.5, True: None}; probe(22, e[1]); probe(23, e[None]); probe(24, [k for k in e][1])
        f = {**c, "z": 1.5}; probe(25, f["x"]); probe(26, f["z"]); probe(27, {k: v for k, v in c.items()}["y"])
        g = dict(c, w=None); probe(28, g["y"]); probe(29, g["w"]); probe(30, (c | {"q": 1.5})["q"])
        probe(31, "x" in c)
        h = {}; h[key] = 1; h.setdefault(key, "s"); probe(32, h[key]); probe(33, {"x": {"y": 1}}["x"]["y"])
        i = {"x": 1}; probe(34, i.pop("z", "s")); del i["x"]; probe(36, i.clear())
        """,
    "sets and tuples": """
        a = {1}; a.add("s"); probe(1, a.pop()); probe(2, (a | {1.5}).pop()); a.update([None]); probe(3, list(a)[0])
        probe(4, {1, "s"}.union({1.5}).pop()); probe(5, {1}.intersection({1}).pop())
        probe(6, {1}.difference({2}).pop())
        probe(7, {1} & {1}); probe(8, {1}.copy()); probe(9, a.discard(9)); probe(10, {1} - {2})
        probe(11, {1} ^ {"s"})
        b = (1, "s"); probe(12, b[0]); probe(13, b[-1]); probe(14, b.index("s")); probe(15, b.count(1))
        probe(16, b[::-1])
        probe(17, b[::-1][0]); probe(18, (b + (1.5,))[2]); c, *d = b; probe(19, d[0]); probe(20, (b, 1)[0][1])
        probe(22, [x for x in frozenset(["s"])][0]); probe(23, len(b))
        probe(24, {1}.isdisjoint({2})); probe(25, {1}.issubset({2})); probe(26, {1}.symmetric_difference({"s"}).pop())
        """,
    "collections": """
        import collections
        from collections import OrderedDict, defaultdict, deque, namedtuple
        a = defaultdict(list); a["x"].append(1); probe(1, a["x"]); probe(2, a["x"][0]); probe(3, a["y"])
        b = defaultdict(lambda: "s"); probe(4, b["x"]); b["y"] = 1; probe(5, b["y"])
        c = deque([1], maxlen=2); c.append("s"); c.appendleft(1.5); probe(6, c[0]); probe(7, c.popleft())
        probe(8, c.pop())
        c.extend([None]); c.extendleft(["s"]); c.rotate(1); probe(9, c[0])
        d = OrderedDict(x=1); d["y"] = "s"; probe(10, d["x"]); probe(11, list(d.values())[1]); d.move_to_end("x")
        e = collections.Counter("aab"); probe(12, e["a"])
        probe(14, e.most_common(1)[0][1])
        P = namedtuple("P", "x y"); f = P(1, "s"); probe(15, f.x); probe(16, f[1]); probe(17, f._replace(x=1.5).x)
        probe(18, f._asdict()["y"]); g, h = f; probe(19, g); probe(20, h)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_containers_give(text: str) -> None:
    assert not list(missed(text, seeds=4))
    assert not list(missed(strict(text), seeds=8))


def test_what_is_found_under_a_key_is_what_was_put_there_and_no_more() -> None:
    found = kinds(
        """
        a = {"x": 1, "y": "s"}
        probe(1, a["x"]); probe(2, a.get("y")); probe(3, a.pop("x"))
        a["x"] = 1.5
        b = [1, "s"]
        probe(4, b[0]); probe(5, b[1]); probe(6, b[-1])
        c, d = (1, "s")
        probe(7, c); probe(8, d)
        for k, v in {"x": 1}.items():
            probe(9, k); probe(10, v)
        """
    )
    expected = ["int or float", "str", "int or float", "int", "str", "str", "int", "str", "str", "int"]
    assert [" or ".join(sorted(held, reverse=True)) for _, held in sorted(found.items())] == expected


@pytest.mark.parametrize("method", ["whatever()", "read(1)", "step"])
def test_a_method_that_nobody_knows_gives_anything(method: str) -> None:
    call = method if "(" in method else f"{method}()"
    assert kinds(f"probe(1, [1].{call})") == {1: {"unknown"}}


@pytest.mark.parametrize("width", [5, 10, 20])
def test_an_element_that_containers_share_is_entered_once(width: int) -> None:
    """In a list of lists of lists there are as many paths as their widths multiplied; the steps are added."""
    program = Program(Resolver([], []))
    calls = Calls(program)
    inner = program.box("list", 1, INTEGER)
    for _ in range(3):
        outer = program.box("list", 1)
        for key in range(width):
            program.graph.add(program.field(outer, key, 1), inner)
        inner = outer
    source, target = program.constant(inner), Node(1)
    watched = list[Node]()
    watch = program.graph.watch

    def count(node: Node, watcher: object) -> None:
        watched.append(node)
        watch(node, watcher)

    program.graph.watch = count  # type: ignore[method-assign]
    calls.library.containers.leaves(source, target)
    program.graph.solve()
    assert target.values == (INTEGER,)
    assert len(watched) <= 3 * (width + 1) + 2
