"""How values flow through containers, attributes and iteration: never less than what Python hands on."""

from __future__ import annotations

import pytest
from running import kinds, missed

CASES = {
    "a list whose elements move": """
        a = [1, 1.5]; a.insert(0, "s")
        probe(1, a[1]); probe(2, a[0])
        b = [1, "s", 1.5]; b.pop(0)
        probe(3, b[0])
        c = [1, "s"]; c.reverse()
        probe(4, c[0])
        d = [1, "s"]; del d[0]
        probe(5, d[0])
        e = ["s", 1]; e.sort(key=str)
        probe(6, e[0])
        f = [1, "s"]; f.remove(1)
        probe(7, f[0])
        """,
    "a list that grows": """
        a = [1]; a.append("s"); a.extend([None]); a += [1.5]
        for number in range(4): probe(1, a[number])
        probe(2, a[-1]); probe(3, (a + [b"b"])[4]); probe(4, (a * 2)[5]); probe(5, a[::-1][0]); probe(6, a.pop())
        """,
    "a dictionary that is changed after it was asked": """
        a = {"k": 1}
        def get(): return a["j"]
        a["j"] = "s"
        probe(1, get())
        a.update(i=1.5); a.update({"h": None}); a |= {"g": b"b"}
        probe(2, a["i"]); probe(3, a["h"]); probe(4, a["g"]); probe(5, {**a}["i"]); probe(6, a.get("f", [1]))
        probe(7, a.setdefault("e", (1,))); probe(8, a["e"]); probe(9, a.pop("k", None))
        for held in a.values(): probe(10, held)
        """,
    "keys of every kind": """
        for key, held in {("a", 1): "s", 2.5: 1, None: 3, True: 4, "s": 5, 7: 6}.items(): probe(1, key); probe(2, held)
        for key in {2.5: 1}: probe(3, key)
        for key in {None: 1}.keys(): probe(4, key)
        """,
    "pairs and triples": """
        a, b = {"x": 1, "y": 2}
        probe(1, a)
        for number, (c, d) in enumerate([(1, "s")]): probe(2, number); probe(3, c); probe(4, d)
        for e, f in zip([1], ["s"]): probe(5, e); probe(6, f)
        from collections import namedtuple
        Pair = namedtuple("Pair", "x y")
        pair = Pair(1, "s"); g, h = pair
        probe(7, pair.x); probe(8, pair[1]); probe(9, h); probe(10, pair._replace(x="s").x)
        """,
    "what an object says of itself, twice in a line": """
        class Box:
            def __getitem__(self, key): probe(1, key); return key
            def __setitem__(self, key, held): probe(2, key); probe(3, held)
            def __iter__(self): return iter([1, "s"])
            def __enter__(self): return 1.5
            def __exit__(self, *error): return None
            def __getattr__(self, name): return None
        a, b = Box(), Box()
        probe(4, a[0]); probe(5, b["k"]); probe(6, a[1.5]); a["k"], b[0] = None, 1
        probe(7, [x for x in a][0]); probe(8, [x for x in a] + [y for y in b]); c, d = a; probe(9, c); probe(10, d)
        with a as e, b as f: probe(11, e); probe(12, f)
        probe(13, a.nothing)
        """,
    "classes": """
        class A:
            x = 1
            def __init__(self): self.y = "s"
            def m(self): return self.x
        class B(A):
            x = "s"
            def __init__(self):
                super().__init__()
                self.z = super().x
            def m(self): return super().m()
        a, b = A(), B()
        probe(1, a.x); probe(2, b.x); probe(3, b.y); probe(4, b.z); probe(5, b.m()); probe(6, a.m())
        A.m = lambda self: None
        probe(7, a.m()); a.m = lambda: 1.5; probe(8, a.m()); B.x = (1,); probe(9, b.x)
        """,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_flows_is_at_least_what_python_hands_on(text: str) -> None:
    assert not list(missed(text, seeds=2))


def test_positions_and_keys_are_told_apart():
    found = kinds(
        """
        a = [1, "s"]; a.pop(); b = (1, "s"); c = {"k": 1, "j": "s"}
        probe(1, a[0]); probe(2, b[-1]); probe(3, c["j"])
        d, e = b
        probe(4, d); probe(5, e)
        """
    )
    assert found == {1: {"int"}, 2: {"str"}, 3: {"str"}, 4: {"int"}, 5: {"str"}}
