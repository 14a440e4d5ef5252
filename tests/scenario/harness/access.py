"""What Kafka lets a user do: the rules of docs/security.md, granted and withdrawn one by one."""

import dataclasses
import re

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from .daemon import ROOT
from .process import wait_until

RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}
ROW = re.compile(r"^\| (topic|group|transactional id) \| `([^`*]+)(\*?)` \| (\w+) \|", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Rule:
    resource: str
    name: str
    is_prefix: bool
    operation: str

    def __str__(self):
        return f"{self.operation} on {self.resource} '{self.name}'"


def documented_rules(with_synthetic):
    """Those that docs/security.md lists for the daemon, with the names that are there by default."""
    usual, synthetic = (ROOT / "docs" / "security.md").read_text().split("\nWith `synthetic.interval` ")
    manual = usual + synthetic if with_synthetic else usual
    return [Rule(resource, name, star == "*", operation) for resource, name, star, operation in ROW.findall(manual)]


def rules_of(world, synthetic_topic=None):
    """The documented rules, for the names that a world has in place of the default ones; and those for synthetic
    appeals, where their topic is given."""
    names = {
        "assignments.synthetic": synthetic_topic,
        "appeals": world.main.appeals,
        "agents": world.main.agents,
        "reviews": world.main.reviews,
        "assignments": world.main.assignments,
        "outcomes": world.main.outcomes,
        "appeals.dead-letter": world.main.dead_letters,
        "appeal-router.ledger": world.ledger,
        "appeal-router.ledger-": f"{world.ledger}-",
        "appeal-router": world.group,
    }
    return [dataclasses.replace(rule, name=names[rule.name]) for rule in documented_rules(bool(synthetic_topic))]


def _binding(rule, user):
    pattern = ResourcePatternType.PREFIXED if rule.is_prefix else ResourcePatternType.LITERAL
    return (RESOURCES[rule.resource], rule.name, pattern, f"User:{user}", "*", OPERATIONS[rule.operation],
            AclPermissionType.ALLOW)  # fmt: skip


def _wait(calls):
    for call in calls.values():
        call.result(timeout=60)


class User:
    """One that Kafka knows by this name, from a certificate or a password."""

    def __init__(self, broker, name):
        self.admin, self.name = broker.admin, name

    def set_password(self, password):
        """Of SCRAM-SHA-512. Counts at the next connection."""
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        _wait(self.admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(self.name, credential, password.encode())]))  # fmt: skip

    def grant(self, *rules):
        _wait(self.admin.create_acls([AclBinding(*_binding(rule, self.name)) for rule in rules]))
        self._wait_for(lambda granted: set(rules) <= granted)

    def withdraw(self, *rules):
        _wait(self.admin.delete_acls([AclBindingFilter(*_binding(rule, self.name)) for rule in rules]))
        self._wait_for(lambda granted: not set(rules) & granted)

    def granted(self):
        wanted = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, f"User:{self.name}", None,
                                  AclOperation.ANY, AclPermissionType.ANY)  # fmt: skip
        resources = {kind: name for name, kind in RESOURCES.items()}
        operations = {kind: name for name, kind in OPERATIONS.items()}
        return {
            Rule(resources[acl.restype], acl.name, acl.resource_pattern_type == ResourcePatternType.PREFIXED,
                 operations[acl.operation])
            for acl in self.admin.describe_acls(wanted).result(timeout=60)
        }  # fmt: skip

    def _wait_for(self, condition):
        """The broker follows its controller, which answers first."""
        wait_until(lambda: condition(self.granted()), 60, f"the rules of {self.name}")
