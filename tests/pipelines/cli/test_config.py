import json

from tests.conftest import RunCli


def test_a_value_is_shown_with_all_its_digits(cli: RunCli) -> None:
    options = {"dedupe.similarity": 0.85, "fetch.delay_s": 0.125}
    table = cli("config", options=options).stdout
    rows = {line.split()[0]: line.split() for line in table.splitlines() if line[:1].isalpha()}
    assert rows["dedupe.similarity"][1] == "0.85"
    assert rows["fetch.delay_s"][1] == "0.125"
    assert rows["fetch.timeout_s"][1] == "30"
    lines = [json.loads(line) for line in cli("config", "--format", "jsonl", options=options).stdout.splitlines()]
    assert {row["key"]: row["value"] for row in lines}["dedupe.similarity"] == 0.85
