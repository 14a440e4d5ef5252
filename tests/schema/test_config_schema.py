"""schemas/config.json: made from the table of settings, and of one mind with the parser."""

import json

import jsonschema
import pytest

# Mistakes that take more than one look at one value: places, files, comparisons between shards.
BEYOND_A_SCHEMA = {
    "a_certificate_that_is_not_there", "a_password_file_that_is_not_there", "a_setting_given_twice", "broken_yaml",
    "a_default_topic_of_two_shards", "a_topic_of_two_shards", "a_topic_read_and_written", "a_topic_that_is_the_ledger",
    "two_shards_with_one_name", "two_shards_with_one_partition", "redis_settings_without_a_url",
    "redis_authorities_without_tls", "a_redis_key_that_is_not_there",
    "control_settings_without_a_socket", "a_group_that_this_host_has_not",
    "a_password_in_the_file", "a_property_mistyped", "a_property_with_a_bad_value",
    "a_span_too_long", "a_port_too_high", "a_redis_database_in_words", "an_empty_file",
}


def test_the_schema_is_what_the_table_of_settings_says(root, appealctl):
    made = json.dumps(json.loads(appealctl("settings", "--json")), indent=2) + "\n"
    assert (root / "schemas" / "config.json").read_text() == made, (
        "write it anew: appealctl settings --json | python3 -m json.tool --indent 2 > schemas/config.json")


def test_the_manual_holds_the_table_of_settings(root, appealctl):
    manual = (root / "docs" / "configuration.md").read_text()
    assert manual.endswith(appealctl("settings", "--markdown")), (
        "write its end anew: appealctl settings --markdown")


def test_the_sample_settings_are_valid(root, validator, load_yaml):
    validator("config").validate(load_yaml(root / "config" / "appeal-router.yaml"))


def bad_files(root):
    return sorted((root / "tests" / "golden" / "configs" / "bad").glob("*.yaml"))


def test_what_the_parser_refuses_the_schema_refuses(root, validator, load_yaml):
    config = validator("config")
    files = [file for file in bad_files(root) if file.stem not in BEYOND_A_SCHEMA]
    assert len(files) > 20
    accepted = [file.name for file in files if config.is_valid(load_yaml(file))]
    assert accepted == []


def test_what_is_beyond_the_schema_is_among_the_bad_files(root):
    assert BEYOND_A_SCHEMA <= {file.stem for file in bad_files(root)}


@pytest.mark.parametrize("change", [
    {"instance": "router-a"},
    {"kafka": {"bootstrap_servers": "k:9092", "properties": {"ssl.ca.location": "ca.pem", "linger.ms": 1}}},
    {"shards": [{}, {"name": "b", "partition": 1}]},
    {"redis": None},
    {"redis": {"url": "unix:/run/redis.sock"}},
    {"redis": {"url": "rediss://redis-1:6379/0", "ca_file": "ca.pem"}},
    {"http": {"listen": "[::1]:9464"}},
    {"limits": {"stall": "90s", "batch_records": 1}},
])
def test_what_is_right_is_valid(validator, change):
    settings = {"kafka": {"bootstrap_servers": "k:9092"}, "rulebook": "rulebook.yaml"}
    validator("config").validate({**settings, **change})


def test_an_unknown_member_is_refused(validator):
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        validator("config").validate({"kafka": {"bootstrap_servers": "k"}, "rulebook": "r", "colour": 1})
