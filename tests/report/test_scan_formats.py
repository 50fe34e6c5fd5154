"""What `optimize scan` prints, in each of its formats."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from hybridize.records import Action, Assumption, AssumptionKind, Confidence, Finding, Region, Step
from hybridize.report.scan import github as scan_github
from hybridize.report.scan import json as scan_json
from hybridize.report.scan import sarif as scan_sarif
from hybridize.report.scan import text as scan_text


def rendered(form, *given):
    return "".join(form.render(*given))


TITLES = {"HYB101": "Prints", "HYB102": "May keep state"}


def test_text_has_the_candidates_first_then_the_rest_by_file_and_ends_with_counts(scan):
    text = rendered(scan_text, scan, TITLES, Path(scan.root))
    lines = text.splitlines()
    assert lines[0] == "train.py:4: step: candidate, hybridize"
    assert [line for line in lines[1:4] if "a run must show" in line] == [
        "      a run must show: x: a tensor",
        "      a run must show: log keeps nothing (HYB102)",
    ]
    # What a run must show of every candidate is said once.
    assert sum("a run must also show" in line for line in lines) == 1
    assert lines.index("train.py") > max(number for number, line in enumerate(lines) if ": candidate, " in line)
    assert "  12: show: not proposed, HYB101 prints the loss (line 14)" in lines
    assert "      train.py:14: print(loss)" in lines
    assert "  80: fast: already a tf.function, @tf.function" in lines
    assert lines[-1] == (
        "3 candidates among 5 functions (5 certainly compute with tensors, 1 already a tf.function) "
        "in 1 file, 120 lines."
    )


def ranked(scan):
    first, second, *others = scan.functions
    weak = replace(first, confidence=Confidence.LOW, rests_on=("passes tensors to unknown code",), rank=2)
    strong = replace(second, confidence=Confidence.HIGH, rests_on=("opens a gradient tape", "receives tensors"), rank=1)
    return replace(scan, functions=(weak, strong, *others))


def test_candidates_are_told_by_rank_with_what_they_rest_on(scan):
    scan = ranked(scan)
    weak, strong, *_ = scan.functions
    lines = rendered(scan_text, scan, TITLES, Path(scan.root)).splitlines()
    heads = [line for line in lines if ": candidate, " in line and "confidence" in line]
    assert heads == [
        f"train.py:{strong.line}: {strong.qualname}: candidate, {strong.proposal.value}, high confidence",
        f"train.py:{weak.line}: {weak.qualname}: candidate, {weak.proposal.value}, low confidence",
    ]
    assert lines[lines.index(heads[0]) + 1] == "      opens a gradient tape; receives tensors"
    told = {each["id"]: each for each in json.loads(rendered(scan_json, scan, TITLES))}
    assert (told[strong.id]["confidence"], told[strong.id]["rank"]) == ("high", 1)
    assert told[weak.id]["rests_on"] == ["passes tensors to unknown code"]
    assert told[scan.functions[3].id]["confidence"] is None and told[scan.functions[3].id]["rank"] is None
    results = json.loads(rendered(scan_sarif, scan, TITLES))["runs"][0]["results"]
    ranks = [each["rank"] for each in results if "rank" in each]
    assert len(ranks) == 2 and 100 >= ranks[1] > ranks[0] >= 0


def test_json_does_not_say_twice_where_a_finding_stands(scan):
    own = Finding("HYB101", "prints", "train.py", 7, (Step("train.py", 7, "prints"),))
    far = Finding("HYB101", "prints", "train.py", 9, (Step("train.py", 9, "calls log"), Step("log.py", 2, "prints")))
    function = replace(scan.functions[0], findings=(own, far))
    (told,) = json.loads(rendered(scan_json, replace(scan, functions=(function,)), TITLES))
    assert [len(finding["chain"]) for finding in told["findings"]] == [0, 2]
    assert [step["note"] for step in told["findings"][1]["chain"]] == ["calls log", ""]


def test_json_gives_an_assumption_a_statement_where_no_finding_says_it(scan):
    doubted = Assumption(AssumptionKind.NO_EFFECT, "log", "log keeps nothing, although it may", "HYB102")
    plain = Assumption(AssumptionKind.STABLE, "step", "what step reads stays")
    function = replace(scan.functions[0], assumptions=(doubted, plain))
    (told,) = json.loads(rendered(scan_json, replace(scan, functions=(function,)), TITLES))
    assert [each["statement"] for each in told["assumptions"]] == [None, "what step reads stays"]
    assert [each["code"] for each in told["assumptions"]] == ["HYB102", None]


def test_lines_of_doubt_that_are_not_told_are_counted(scan):
    candidate = replace(scan.functions[0], more=(("HYB104", 1200), ("HYB112", 4)))
    changed = replace(scan, functions=(candidate, *scan.functions[1:]))
    assert json.loads(rendered(scan_json, changed, TITLES))[0]["more"] == {"HYB104": 1200, "HYB112": 4}
    text = rendered(scan_text, changed, TITLES, Path(scan.root)).splitlines()
    following = text[len(candidate.assumptions) + 1]
    assert following == "      and 1,204 more uncertain lines: HYB104 (1,200), HYB112 (4)"


def test_json_tells_doubts_where_something_hangs_on_them(scan):
    doubt = Finding("HYB102", "may keep state", "train.py", 7)
    sure = Finding("HYB101", "prints", "train.py", 8, (), certain=True)
    candidate = replace(scan.functions[0], findings=(doubt,))
    refused = replace(scan.functions[3], findings=(doubt, sure))
    told = json.loads(rendered(scan_json, replace(scan, functions=(candidate, refused)), TITLES))
    assert [[finding["code"] for finding in each["findings"]] for each in told] == [["HYB102"], ["HYB101"]]


def test_text_shows_paths_that_can_be_opened_from_where_one_stands(scan, tmp_path):
    assert rendered(scan_text, scan, {}, tmp_path.parent).startswith(f"{tmp_path.name}/train.py:4: ")
    elsewhere = tmp_path / "elsewhere"
    assert rendered(scan_text, scan, {}, elsewhere).startswith(f"{tmp_path}/train.py:4: ")


def test_text_leaves_out_what_has_nothing_to_do_with_tensors(scan):
    plain = replace(scan.functions[3], computes_with_tensors=False, id="train:plain", qualname="plain", file="a.py")
    text = rendered(scan_text, replace(scan, functions=(*scan.functions, plain)), TITLES, Path(scan.root))
    assert "plain" not in text and "a.py" not in text


def test_json_has_a_line_for_each_function(scan):
    """So that a large scan is written piece by piece, and can be searched and compared line by line."""
    first, *lines, last = rendered(scan_json, scan, TITLES).splitlines()
    assert (first, last) == ("[", "]")
    found = [json.loads(line.removesuffix(","))["id"] for line in lines]
    assert found == [function.id for function in scan.functions]
    assert json.loads(rendered(scan_json, replace(scan, functions=()), TITLES)) == []


def test_json_is_a_list_of_functions_with_the_plain_facts(scan):
    functions = json.loads(rendered(scan_json, scan, TITLES))
    assert [each["id"] for each in functions] == [function.id for function in scan.functions]
    first = functions[0]
    assert first.keys() == {
        *("id", "file", "line", "kind", "hybrid", "parameters", "findings", "assumptions", "proposal", "blocker"),
        *("has_tensor_parameter", "has_primitive_parameter", "has_python_side_effects"),
        *("is_recursive", "computes_with_tensors", "confidence", "rank", "rests_on", "region", "more"),
    }
    assert first["computes_with_tensors"] is True and first["is_recursive"] is None
    assert first["parameters"][0]["evidence"][0]["note"] == "called with a batch"
    assert functions[3]["blocker"]["code"] == "HYB101"


GIVEN = (("beta", "self.beta"),)
REGION = Region("train.py", 41, 58, "train_step", ("x", "y"), ("loss",), ((50, 50),), 38, given=GIVEN)


def test_text_shows_of_a_region_what_goes_in_and_what_comes_out(scan):
    lifted = replace(
        scan.functions[0], id="train:main@41-58", line=41, qualname="main", proposal=Action.EXTRACT, region=REGION
    )
    lines = rendered(scan_text, replace(scan, functions=(lifted,)), TITLES, Path(scan.root)).splitlines()
    assert "main: candidate, extract as `loss = train_step(x, y, self.beta)`, and after it line 50" in lines[0]


def test_json_shows_of_a_region_what_goes_in_and_what_comes_out(scan):
    lifted = replace(scan.functions[0], region=REGION)
    first, other = json.loads(rendered(scan_json, replace(scan, functions=(lifted, scan.functions[1])), TITLES))
    assert first["region"] == {
        "first": 41,
        "last": 58,
        "name": "train_step",
        "parameters": ["x", "y"],
        "results": ["loss"],
        "moved": [[50, 50]],
        "ahead": [],
        "owner": "",
        "receiver": "",
        "given": [["beta", "self.beta"]],
        "expression": "",
    }
    assert other["region"] is None


@pytest.fixture
def run(scan):
    log = json.loads(rendered(scan_sarif, scan, TITLES))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    assert log.keys() == {"$schema", "version", "runs"}
    (run,) = log["runs"]
    return run


def test_sarif_has_what_the_standard_requires(run):
    # Required properties by SARIF 2.1.0: 3.14.6 tool, 3.19.8 driver.name, 3.49.3 rule.id, 3.27.11 message,
    # 3.11.8 message.text, and what it asks of indices, levels, regions and artifact locations.
    driver = run["tool"]["driver"]
    assert driver["name"] == "hybridize" and driver["version"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids) and {"candidate", "HYB101", "HYB102"} == set(ids)
    base = run["originalUriBaseIds"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["region"]["startLine"] >= 1
        assert physical["artifactLocation"]["uriBaseId"] in base
        assert not physical["artifactLocation"]["uri"].startswith("/")
    for place in base.values():
        assert place["uri"].startswith("file:///") and place["uri"].endswith("/")
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("old.py")


def test_sarif_has_a_result_per_candidate_and_finding(run, scan):
    candidates = [result for result in run["results"] if result["ruleId"] == "candidate"]
    assert len(candidates) == sum(function.proposal is not Action.NONE for function in scan.functions)
    assert "a run must check: log keeps nothing; x is a tensor." in candidates[0]["message"]["text"]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels == {"candidate": "warning", "HYB101": "warning", "HYB102": "note"}
    # A blocker that is among the findings is not told twice.
    assert sum(result["ruleId"] == "HYB101" for result in run["results"]) == 1


def test_sarif_carries_the_chain_of_evidence(run):
    (result,) = (result for result in run["results"] if result["ruleId"] == "HYB101")
    (flow,) = result["codeFlows"]
    (thread,) = flow["threadFlows"]
    assert thread["locations"][0]["location"]["message"]["text"] == "print(loss)"


def test_sarif_escapes_paths(scan):
    finding = Finding("HYB101", "m", "a b/ü\udce9%.py", 0, (Step("a b/ü.py", 3, "n"),))
    odd = replace(scan, functions=(replace(scan.functions[0], findings=(finding,)),))
    log = json.loads(rendered(scan_sarif, odd, TITLES))
    location = log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b/%C3%BC%E9%25.py"
    assert unquote(location["artifactLocation"]["uri"], errors="surrogateescape") == "a b/ü\udce9%.py"
    assert location["region"]["startLine"] == 1


def test_github_has_a_notice_for_each_candidate_by_rank(scan):
    lines = rendered(scan_github, ranked(scan), TITLES).splitlines()
    candidates = [function for function in scan.functions if function.proposal is not Action.NONE]
    assert len(lines) == len(candidates)
    found = [line for line in lines if "confidence" in line]
    strong, weak = scan.functions[1], scan.functions[0]
    assert found[0].startswith(
        f"::notice file=train.py,line={strong.line},title=may run as a graph%3A {strong.qualname}::high confidence; "
        "opens a gradient tape"
    )
    assert f"line={weak.line}," in found[1] and "to check: log keeps nothing" in found[1]


def test_programs_find_the_plain_data_of_a_function_where_they_always_did(scan):
    """Scripts that measure the scan of public repositories import it from there."""
    from hybridize.report.scan_json import to_json

    assert to_json(scan.functions[0])["id"] == scan.functions[0].id
